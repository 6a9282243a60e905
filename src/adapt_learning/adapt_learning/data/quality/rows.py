"""All rows of a dataset side by side, so that a check looks at them at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adapt_learning.data.dataset import Dataset

_CHUNK = 50_000
_BEYOND = 1e3
"""A value this many times the median size of its element may be absurd."""
_NEVER = 1e15
"""From this size on a value is absurd, whatever the others are."""
_ROUNDING = 1e-6
"""Differences below this share of the value are those of float32."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of all episodes in order; what is not finite or is absurd counts as 0 here."""

    observation: np.ndarray
    """float32 [N, S]."""
    action: np.ndarray
    """float32 [N, A]."""
    start: np.ndarray
    """First row of each episode, and N at the end, int64 [E + 1]."""
    absurd_states: np.ndarray
    """(row, element) of values that no sensor measures, int64 [M, 2]."""
    absurd_actions: np.ndarray
    """The same of the actions."""

    @classmethod
    def of(cls, dataset: Dataset, absurd: float = np.inf) -> 'Rows':
        """Put the rows of a dataset side by side; from the size `absurd` on a value may be so."""
        sides = [_finite(values) for values in dataset.pairs()]
        found = [_absurd(values, absurd) for values in sides]
        for values, places in zip(sides, found, strict=True):
            values[tuple(places.T)] = 0.0  # one of them would be the scale of all others
        start = np.concatenate([[0], np.cumsum([len(episode) for episode in dataset])])
        return cls(*sides, start, *found)

    def __len__(self) -> int:
        """Return N."""
        return len(self.observation)

    @cached_property
    def absurd(self) -> tuple[np.ndarray, np.ndarray]:
        """Return which rows hold a value that no sensor measures: states, actions, bool [N]."""
        state, action = np.zeros((2, len(self)), dtype=bool)
        state[self.absurd_states[:, 0]] = action[self.absurd_actions[:, 0]] = True
        return state, action

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


def moving(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return which elements [N, D] change in a step that is `inside` an episode [N-1], bool [D]."""
    step = np.abs(np.diff(values, axis=0)[inside]).max(axis=0, initial=0.0)
    return step > _ROUNDING * np.abs(values).max(axis=0, initial=0.0)


def scaled(values: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Return the elements that move, around 0, in their standard deviations, float32 [N, D']."""
    moves = std > 0
    kept = values[:, moves]
    # Around the mean, because differences of squares are taken later.
    return ((kept - kept.mean(axis=0, dtype=np.float64)) / std[moves]).astype(np.float32)


def _absurd(values: np.ndarray, limit: float) -> np.ndarray:
    """Return (row, element) of the values [N, D] that are too large to be true, int64 [M, 2]."""
    found = [np.zeros((0, 2), np.int64)]
    for element in np.flatnonzero(np.abs(values).max(axis=0, initial=0.0) >= limit):
        size = np.abs(values[:, element].astype(np.float64))
        odd = (size >= limit) & ((size >= _BEYOND * np.median(size)) | (size >= _NEVER))
        rows = np.flatnonzero(odd)
        found.append(np.stack([rows, np.full(len(rows), element)], axis=1))
    return np.concatenate(found)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
