"""All rows of a dataset side by side, so that a check looks at them at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adapt_learning.data.dataset import Dataset

_CHUNK = 50_000
_ROUNDING = 1e-6
"""Differences below this share of the value are those of float32."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of all episodes in order; what is not finite counts as 0 here."""

    observation: np.ndarray
    """float32 [N, S]."""
    action: np.ndarray
    """float32 [N, A]."""
    start: np.ndarray
    """First row of each episode, and N at the end, int64 [E + 1]."""

    @classmethod
    def of(cls, dataset: Dataset) -> 'Rows':
        """Put the rows of a dataset side by side."""
        observation, action = dataset.pairs()
        return cls(_finite(observation), _finite(action),
                   np.concatenate([[0], np.cumsum([len(episode) for episode in dataset])]))

    def __len__(self) -> int:
        """Return N."""
        return len(self.observation)

    @cached_property
    def episode(self) -> np.ndarray:
        """Return the episode of each row, int64 [N]."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @cached_property
    def observation_std(self) -> np.ndarray:
        """Return the standard deviation of each element, float64 [S]; 0 where it never moves."""
        return spread(self.observation)

    @cached_property
    def action_std(self) -> np.ndarray:
        """Return the standard deviation of each element, float64 [A]; 0 where it never moves."""
        return spread(self.action)

    def chunks(self) -> Iterator[slice]:
        """Yield slices of whole episodes, about _CHUNK rows each: memory stays bounded."""
        begin = 0
        for end in self.start[1:]:
            if end - begin >= _CHUNK or end == len(self):
                yield slice(begin, int(end))
                begin = int(end)

    def per_episode(self, mask: np.ndarray) -> list[np.ndarray]:
        """Return for each episode its marked rows, counted from its start."""
        marked = np.flatnonzero(mask)
        cuts = np.searchsorted(marked, self.start)
        return [marked[a:b] - first for a, b, first in
                zip(cuts[:-1], cuts[1:], self.start[:-1], strict=True)]

    def share(self, mask: np.ndarray) -> np.ndarray:
        """Return the share of marked rows of each episode, float64 [E]."""
        return np.add.reduceat(mask.astype(np.float64), self.start[:-1]) / np.diff(self.start)

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Return at most `count` row numbers, rising, drawn without replacement."""
        if len(self) <= count:
            return np.arange(len(self))
        return np.sort(np.random.default_rng(seed).choice(len(self), count, replace=False))


def spread(values: np.ndarray) -> np.ndarray:
    """Return the standard deviation of each column; 0 where values differ by rounding only."""
    std = values.std(axis=0, dtype=np.float64)
    return np.where(np.ptp(values, axis=0) > _ROUNDING * np.abs(values).max(axis=0), std, 0.0)


def scaled(values: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Return the elements that move, around 0, in their standard deviations, float32 [N, D']."""
    moves = std > 0
    kept = values[:, moves]
    # Around the mean, because differences of squares are taken later.
    return ((kept - kept.mean(axis=0, dtype=np.float64)) / std[moves]).astype(np.float32)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
