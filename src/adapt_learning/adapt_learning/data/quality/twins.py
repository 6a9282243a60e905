"""Episodes that are there twice, exactly or nearly."""

import hashlib
from dataclasses import dataclass

import numpy as np

from adapt_learning.data.dataset import Dataset
from adapt_learning.data.quality.rows import Rows, scaled

_POINTS = 16
_BLOCK = 512


@dataclass(frozen=True)
class Twins:
    """Which episodes repeat which earlier ones."""

    exact: dict[int, int]
    """Episode -> earlier episode with the same observations and actions."""
    near: dict[int, tuple[int, float]]
    """Episode -> (earlier episode, root mean square difference [std]); exact twins left out."""
    seeds: dict[int, int]
    """Episode -> earlier episode with the same seed and noise level but other content."""

    @classmethod
    def of(cls, dataset: Dataset, rows: Rows, limit: float) -> 'Twins':
        """Compare all episodes; about E^2 numbers are looked at, in blocks."""
        exact: dict[int, int] = {}
        first: dict[tuple[bytes, bytes], int] = {}
        starts: dict[tuple, int] = {}
        seeds = {}
        for number, episode in enumerate(dataset):
            key = _digest(episode.observation), _digest(episode.action)
            if first.setdefault(key, number) != number:
                exact[number] = first[key]
            elif episode.seed is not None:
                start = episode.seed, episode.noise_level, episode.task
                if starts.setdefault(start, number) != number:
                    seeds[number] = starts[start]
        return cls(exact, _near(rows, exact, limit), seeds)


def _near(rows: Rows, exact: dict[int, int], limit: float) -> dict[int, tuple[int, float]]:
    values = np.hstack([scaled(rows.observation, rows.observation_std),
                        scaled(rows.action, rows.action_std)])
    length = np.diff(rows.start)
    if not values.shape[1]:
        return {}
    # Each episode at 16 instants, evenly spread over it: lengths may differ by a few rows.
    at = rows.start[:-1, None] + np.linspace(0, 1, _POINTS) * (length - 1)[:, None]
    shape = values[np.round(at).astype(np.int64)].reshape(len(length), -1)
    shape -= shape.mean(axis=0)
    square = (shape ** 2).sum(axis=1)
    near: dict[int, tuple[int, float]] = {}
    for begin in range(0, len(shape), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        distance = square[part, None] + square - 2 * shape[part] @ shape.T
        here = np.arange(begin, begin + len(distance))
        distance[np.arange(len(shape)) >= here[:, None]] = np.inf  # earlier ones only
        closest = distance.argmin(axis=1)
        # Again without the rounding errors of the fast form.
        value = np.sqrt(((shape[part] - shape[closest]) ** 2).mean(axis=1))
        alike = np.abs(length[here] - length[closest]) <= np.maximum(2, 0.1 * length[closest])
        near |= {int(i): (int(closest[i - begin]), float(value[i - begin]))
                 for i in here[(value < limit) & alike & (here > closest)]
                 if int(i) not in exact}
    return near


def _digest(array: np.ndarray) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(array).data).digest() + repr(array.shape).encode()
