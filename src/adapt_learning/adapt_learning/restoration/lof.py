"""Local Outlier Factor (Breunig et al. 2000): what is lonelier than its neighbours is suspicious.

The reachability of o from its neighbour q is max(k-distance of q, distance of o and q); the local
density of o is one over the mean reachability from its k neighbours; the factor is the mean density
of the neighbours over its own. Compared with scikit-learn's, distances have a floor: saturated
actions repeat exactly, their density would be infinite and everything beside them an outlier.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from adapt_learning.errors import SettingError
from adapt_learning.restoration.autoencoder import varying
from adapt_learning.restoration.base import Filter, Progress, Side

CHUNK = 4096
"""Rows whose neighbours are searched at once."""
LEAST = 20
"""k is not lowered below this: densities of fewer neighbours are mostly chance."""


@dataclass(frozen=True)
class LocalOutlierConfig:
    """Settings of the Local Outlier Factor."""

    neighbors: int = 40
    """
    k; of few rows a hundredth of them, but not less than 20 (below 400 rows: a twentieth). Rare
    values (the closing of the gripper) are trusted while their groups are not smaller than k.
    """
    reference_rows: int = 20_000
    """Neighbours are searched among at most so many rows, drawn at random."""
    resolution: float = 0.1
    """Smallest reachability [std of the data]: closer than this is the same value."""

    def __post_init__(self):
        if self.neighbors < 1 or self.reference_rows < 2:
            raise SettingError('neighbors is at least 1 and reference_rows at least 2; got '
                               f'{self.neighbors} and {self.reference_rows}')
        if self.resolution < 0:
            raise SettingError(f'resolution is not negative; got {self.resolution}')


class LocalOutlierFilter(Filter):
    """Scores by the Local Outlier Factor of the values themselves."""

    Config = LocalOutlierConfig

    def scores(self, side: Side, seed: int, progress: Progress) -> np.ndarray:
        """Return the factor of every row, float64 [N]; about 1 inside of a cluster."""
        return outlier_factors(varying(side.values), self.config, seed, progress)


def outlier_factors(values: np.ndarray, config: LocalOutlierConfig, seed: int,
                    progress: Progress) -> np.ndarray:
    """Return the Local Outlier Factor of every row of values [N, D], float64 [N]."""
    count = len(values)
    if count < 2 or not values.shape[1]:
        return np.ones(count)
    rows = np.arange(count)
    if count > config.reference_rows:
        rows = np.sort(np.random.default_rng(seed).choice(
            count, config.reference_rows, replace=False))
    reference = values[rows]
    k = _neighborhood(config.neighbors, len(rows))
    search = NearestNeighbors(n_neighbors=k).fit(reference)
    place = np.full(count, -1)
    place[rows] = np.arange(len(rows))

    # Three passes over the same neighbours would triple the search: they are kept, of the
    # reference rows only, because the densities of all others follow from these.
    distance, near = _neighbors(search, reference, np.arange(len(rows)), k,
                                lambda share: progress(share * len(rows) / count, 'neighbours'))
    border = distance[:, -1]
    density = _density(distance, near, border, config.resolution)
    factors = np.empty(count)
    factors[rows] = density[near].mean(1) / density
    others = np.flatnonzero(place < 0)
    for i in range(0, len(others), CHUNK):
        part = others[i:i + CHUNK]
        distance, near = search.kneighbors(values[part])
        factors[part] = (density[near].mean(1)
                         / _density(distance, near, border, config.resolution))
        progress((len(rows) + i + len(part)) / count, 'neighbours')
    return factors


def _neighborhood(asked: int, rows: int) -> int:
    """Return k: rare values come in groups that grow with the data, and k must not outgrow them."""
    return max(1, min(asked, max(rows // 100, LEAST), rows // 20))


def _neighbors(search: NearestNeighbors, values: np.ndarray, own: np.ndarray, k: int,
               tell) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and indices [n, k] of the neighbours of reference rows, without itself."""
    distances, indices = [], []
    for i in range(0, len(values), CHUNK):
        distance, near = search.kneighbors(values[i:i + CHUNK], k + 1)
        # Itself is at distance 0, but among duplicates not always the first, or not there at all.
        itself = near == own[i:i + CHUNK, None]
        itself[~itself.any(1), -1] = True
        keep = ~itself
        distances.append(distance[keep].reshape(-1, k))
        indices.append(near[keep].reshape(-1, k))
        tell(min(1.0, (i + CHUNK) / len(values)))
    return np.concatenate(distances), np.concatenate(indices)


def _density(distance: np.ndarray, near: np.ndarray, border: np.ndarray,
             floor: float) -> np.ndarray:
    reach = np.maximum(np.maximum(distance, border[near]), max(floor, 1e-10))
    return 1 / reach.mean(1)
