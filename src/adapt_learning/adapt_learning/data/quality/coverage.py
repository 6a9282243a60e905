"""Which starts and goals the episodes have, and which regions have few."""

from dataclasses import dataclass

import numpy as np

from adapt_learning.data.quality.rows import Rows

_PARTS = 4
_FEW = 0.05
"""A quarter of the range with less than this share of the episodes is thin."""
_LEAST = 40
"""Episodes from which such shares mean something."""
_NEAR = 0.02
"""Starts that spread less than this share of what the element ever moves are one place."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """Where episodes begin, and what is set once per episode (goals)."""

    episode: np.ndarray
    """Episodes whose first row can be trusted, int64 [E']."""
    start: np.ndarray
    """First observation of each of them, float32 [E', S]."""
    goals: tuple[int, ...]
    """Elements that keep one value within every episode but differ between episodes."""
    varied: tuple[int, ...]
    """Elements whose first value differs between episodes, goals left out."""
    thin: tuple[tuple[int, float, float, int], ...]
    """(element, from, to, episodes): quarters of a range where hardly any episode begins."""

    @classmethod
    def of(cls, rows: Rows, trusted: np.ndarray) -> 'Coverage':
        """Measure the starts of the episodes whose first row is trusted [N]."""
        episodes = np.flatnonzero(trusted[rows.start[:-1]])
        if not len(episodes):
            return cls(episodes, rows.observation[:0], (), (), ())
        start = rows.observation[rows.start[episodes]]
        inside = (rows.episode[1:] == rows.episode[:-1]) & trusted[1:] & trusted[:-1]
        change = np.diff(rows.observation, axis=0)[inside]
        still = np.abs(change).max(axis=0, initial=0.0) == 0
        spread = np.ptp(start, axis=0)
        moves = np.ptp(rows.observation, axis=0)
        goals = np.flatnonzero(still & (spread > 0) & (len(change) > 0))
        varied = np.flatnonzero((spread > _NEAR * moves) & (moves > 0) & ~still)
        thin = [part for element in (*goals, *varied) for part in _thin(start, int(element))]
        return cls(episodes, start, tuple(map(int, goals)), tuple(map(int, varied)), tuple(thin))


def _thin(start: np.ndarray, element: int) -> list[tuple[int, float, float, int]]:
    values = start[:, element]
    if len(values) < _LEAST:
        return []
    # The outermost starts do not decide what the range is.
    low, high = np.quantile(values, [0.02, 0.98])
    if not high > low:
        return []
    counts, edges = np.histogram(values, bins=_PARTS, range=(low, high))
    return [(element, float(edges[i]), float(edges[i + 1]), int(count))
            for i, count in enumerate(counts) if count < _FEW * len(values)]
