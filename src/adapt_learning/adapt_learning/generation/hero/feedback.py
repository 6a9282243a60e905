"""What is asked of an evaluator in one round, and what it answers: a person, or a hidden rule."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from adapt_learning.errors import SettingError


@dataclass(frozen=True)
class Round:
    """The pictures of one round, to be judged."""

    number: int
    """From 0 up."""
    prompt: str
    pictures: np.ndarray
    """uint8 [N, H, W, 3]."""
    best: np.ndarray | None = None
    """The best picture of the rounds before, uint8 [H, W, 3]; None while there is none."""


@dataclass(frozen=True)
class Feedback:
    """
    An answer: which pictures are good, and the best of them; all others are bad.

    `best` None keeps the best picture of the rounds before, if there is one.
    """

    round: int
    good: tuple[int, ...] = ()
    """Positions in the round, ascending."""
    best: int | None = None

    def check(self, asked: Round) -> None:
        """Raise SettingError unless this is an answer to `asked`."""
        if self.round != asked.number:
            raise SettingError(f'the feedback is for round {self.round}, and round {asked.number} '
                               'is the one that waits for an answer; judge that one')
        self.check_pictures(len(asked.pictures))

    def check_pictures(self, count: int) -> None:
        """Raise SettingError unless this can be an answer to a round of `count` pictures."""
        if any(not 0 <= i < count for i in self.good):
            raise SettingError(f'pictures of this round are 0 to {count - 1}; got {self.good}')
        if list(self.good) != sorted(set(self.good)):
            raise SettingError(f'good pictures are named once each and in order; got {self.good}')
        if self.best is not None and self.best not in self.good:
            raise SettingError(f'the best picture is one of the good ones; got {self.best}, good '
                               f'are {self.good or "none"}')


class Evaluator(ABC):
    """Judges pictures."""

    @abstractmethod
    def judge(self, asked: Round) -> Feedback:
        """Return which pictures are good, and the best."""
