"""How multimodal demonstrations are (dissertation table 3.1): do states alike share actions alike.

States and actions are clustered apart from each other (k-means, 10 clusters each). In every state
cluster the most frequent action cluster is found; the majority ratio is the share of all states
whose action is in the one of their cluster. It is 1 where the state cluster tells the action
cluster, and low where states alike come with different actions.

The text does not say how the values are scaled before they are clustered. Normalised, every
element counts the same, as for the policies; raw, the elements with the largest numbers decide.
"""

from dataclasses import dataclass

import numpy as np

CLUSTERS = 10


@dataclass(frozen=True)
class Majority:
    """The result for one drawing of the first centres."""

    ratio: float
    """Share of the states whose action is in the majority cluster of their state cluster."""
    mean_of_clusters: float
    """The same share per state cluster, every cluster counted once."""
    chance: float
    """Share of the largest action cluster: the ratio of one single state cluster."""


def majority(observation: np.ndarray, action: np.ndarray, seed: int,
             clusters: int = CLUSTERS) -> Majority:
    """
    Cluster states [N, S] and actions [N, A] and return how far the one tells the other.

    The same seed gives the same clusters. Fewer different values than clusters make fewer clusters.
    """
    state_of, action_of = (_labels(x, clusters, seed) for x in (observation, action))
    table = np.zeros((clusters, clusters), dtype=np.int64)
    np.add.at(table, (state_of, action_of), 1)
    sizes, most = table.sum(axis=1), table.max(axis=1)
    used = sizes > 0
    return Majority(float(most.sum() / sizes.sum()), float((most[used] / sizes[used]).mean()),
                    float(table.sum(axis=0).max() / sizes.sum()))


def normalized(x: np.ndarray) -> np.ndarray:
    """Return [N, D] with mean 0 and standard deviation 1 per element; constant ones become 0."""
    x = np.asarray(x, dtype=np.float64)
    std = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(std > 1e-9, std, 1.0)


def _labels(x: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """Return the cluster of every row, 0..clusters-1."""
    from sklearn.cluster import KMeans
    count = min(clusters, len(np.unique(x, axis=0)))
    return KMeans(count, n_init=10, random_state=seed).fit_predict(x)
