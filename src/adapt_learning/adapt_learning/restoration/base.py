"""What filters and restorers are: the words that the pipeline and its members share.

The pollution of states and actions is independent (section 3.2.3), so each *side* of the pairs is
filtered and restored on its own; the other side is what it is judged and restored by.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from adapt_learning.restoration.share import ShareConfig

Progress = Callable[[float, str], None]
"""Told (share 0..1 of this call, one line for people); may raise Cancelled to end the call."""


class Cancelled(Exception):
    """The restoration was asked to stop; what is finished is kept for the next start."""


@dataclass(frozen=True)
class Side:
    """States or actions of all pairs, normalised, rows of an episode in order of time."""

    name: str
    """'state' or 'action'."""
    values: np.ndarray
    """What is judged and restored, float32 [N, D]."""
    other: np.ndarray
    """The other side of the same pairs, float32 [N, E]."""
    episode: np.ndarray
    """Episode of each row, int64 [N], not falling."""
    known: np.ndarray
    """Which values are measurements, bool [N]; the others (NaN, drop-outs) are 0 here."""

    def of_known(self) -> 'Side':
        """Return the rows with a known value only; what lay between them is gone."""
        return replace(self, **{name: array[self.known] for name, array in vars(self).items()
                                if name != 'name'})

    def neighbor(self, offset: int) -> tuple[np.ndarray, np.ndarray]:
        """
        Return for each row the index of the row `offset` steps later, and whether it exists.

        Rows at the border of an episode get their own index and False; int64 [N], bool [N].
        """
        rows = np.arange(len(self.values))
        shifted = np.clip(rows + offset, 0, len(rows) - 1)
        inside = (rows + offset == shifted) & (self.episode[shifted] == self.episode)
        return np.where(inside, shifted, rows), inside


class Filter(ABC):
    """Tells how suspicious each value of a side is."""

    Config: ClassVar[type]
    """The frozen dataclass of settings."""
    share: ClassVar[ShareConfig] = ShareConfig()
    """How the share of polluted values is read off its scores."""
    in_time: ClassVar[bool] = False
    """Whether it needs to know which rows are neighbours; else it sees the known values only."""

    def __init__(self, config):
        self.config = config

    @abstractmethod
    def scores(self, side: Side, seed: int, progress: Progress) -> np.ndarray:
        """
        Return float64 [N]: the larger, the more likely polluted; the scale is the filter's.

        What it says of unknown values is not used.
        """


@dataclass(frozen=True)
class Restored:
    """What a restorer made of some values."""

    values: np.ndarray
    """float32 [B, D], normalised; equal to what came in where `changed` is False."""
    level: np.ndarray
    """Noise level t* that was predicted or assumed, int64 [B] in 0..T; -1 where there is none."""
    changed: np.ndarray
    """bool [B]; False where the value was trusted after all (t* below the threshold)."""


class Restorer(ABC):
    """Learns from clean pairs what a value should be, given its condition."""

    Config: ClassVar[type]
    """The frozen dataclass of settings."""

    def __init__(self, config):
        self.config = config

    @abstractmethod
    def fit(self, values: np.ndarray, condition: np.ndarray, seed: int,
            progress: Progress) -> None:
        """Learn from clean values [M, D] and their conditions [M, C], both float32, normalised."""

    @abstractmethod
    def restore(self, values: np.ndarray, known: np.ndarray, condition: np.ndarray, seed: int,
                progress: Progress) -> Restored:
        """
        Restore suspected values [B, D] with clean conditions [B, C].

        Where not `known` bool [B] the value says nothing, and one is made from the condition.
        """

    @abstractmethod
    def learning(self) -> dict[str, Any]:
        """Return the settings that `fit` depends on; equal ones may share what was learnt."""

    @abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """Return what `fit` learnt as plain arrays, to be kept on disk."""

    @abstractmethod
    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Take back what `state` returned, in place of `fit`."""
