"""Rows compared with rows of other episodes: who is far from all, who contradicts whom."""

from dataclasses import dataclass

import numpy as np

from adapt_learning.data.quality.config import QualityConfig
from adapt_learning.data.quality.rows import Rows, scaled

_PER_EPISODE = 12
"""So many rows of an episode, evenly spread, are compared with the sample."""
_NEAREST = 5
_BLOCK = 1024
_CLOSE, _DIFFERENT = 0.2, 0.5
"""Contradicting: observations within 0.2 std per element, actions apart by more than 0.5 (of a
range of 2)."""


@dataclass(frozen=True, eq=False)
class Neighbors:
    """What the comparison with a sample of all rows says."""

    distance: np.ndarray
    """Median distance of each episode's rows to the fifth nearest row of others, [E] [std]."""
    compared: int
    """Rows of the sample whose nearest row of another episode was close enough to compare."""
    contradicting: tuple[tuple[int, int, float], ...]
    """(row, row of another episode, difference of the actions): alike, but answered otherwise."""

    @property
    def contradiction(self) -> float:
        """Return the share of contradicting rows among those that could be compared."""
        return len(self.contradicting) / self.compared if self.compared else 0.0

    @classmethod
    def of(cls, rows: Rows, switching: np.ndarray, trusted: np.ndarray,
           config: QualityConfig) -> 'Neighbors':
        """
        Compare; the cost is (12 E + sample) x sample, whatever the number of rows.

        Rows that are not `trusted` [N] (suspected of pollution) are never the measure for others.
        `switching` [A] marks on/off commands: near their switching point both answers are right.
        """
        points = scaled(rows.observation, rows.observation_std)
        episodes = len(rows.start) - 1
        pool = np.flatnonzero(trusted)
        if episodes < 3 or not points.shape[1] or len(pool) < 10:
            return cls(np.zeros(episodes), 0, ())
        chosen = np.random.default_rng(config.seed).permutation(pool)[:config.sample]
        sample = np.sort(chosen)
        length = np.diff(rows.start)
        spots = np.linspace(0, 1, _PER_EPISODE)
        asked = np.round(rows.start[:-1, None] + spots * (length - 1)[:, None]).astype(np.int64)
        far = np.concatenate([
            _nearest(points, rows.episode, block, sample)[0][:, -1]
            for block in _blocks(asked.reshape(-1))]).reshape(asked.shape)
        return cls(np.median(far, axis=1), *_contradictions(points, rows, sample, switching))


def _contradictions(points: np.ndarray, rows: Rows, sample: np.ndarray,
                    switching: np.ndarray) -> tuple[int, tuple[tuple[int, int, float], ...]]:
    found, compared = [], 0
    action = rows.action[:, ~switching]
    limit = _CLOSE * np.sqrt(points.shape[1])
    for block in _blocks(sample):
        distance, index = _nearest(points, rows.episode, block, sample)
        close = distance[:, 0] < limit
        compared += int(close.sum())
        here, there = block[close], sample[index[close, 0]]
        difference = np.abs(action[here] - action[there]).max(axis=1, initial=0.0)
        found += [(int(a), int(b), float(d)) for a, b, d in
                  zip(here, there, difference, strict=True) if d > _DIFFERENT]
    return compared, tuple(sorted(found, key=lambda item: -item[2]))


def _nearest(points: np.ndarray, episode: np.ndarray, asked: np.ndarray,
             sample: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distances [B, k], rising, to the nearest sample rows of others, and which."""
    here, there = points[asked], points[sample]
    square = ((here ** 2).sum(axis=1)[:, None] + (there ** 2).sum(axis=1)
              - 2 * here @ there.T)
    square[episode[asked][:, None] == episode[sample]] = np.inf
    count = min(_NEAREST, len(sample))
    index = np.argpartition(square, count - 1, axis=1)[:, :count]
    value = np.take_along_axis(square, index, axis=1)
    order = np.argsort(value, axis=1)
    return (np.sqrt(np.maximum(np.take_along_axis(value, order, axis=1), 0)),
            np.take_along_axis(index, order, axis=1))


def _blocks(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[i:i + _BLOCK] for i in range(0, len(rows), _BLOCK)]
