"""What every hidden rule gives."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np

from adapt_learning.generation.small.blobs import Blob, find_blobs


class Judgement(NamedTuple):
    """What a rule says of one picture."""

    success: bool
    quality: float
    """0..1, to choose the best of several; comparable within one rule."""


class Rule(ABC):
    """Judges pictures that were made for `prompt`, by plain vision."""

    prompt: str
    category: str
    """What is asked of the generator, in the words of dissertation 2.2.7."""
    condition: str
    """When a picture is a success, for people."""
    version: ClassVar[int] = 1
    """Counted up when it judges otherwise than before: stored results name it."""

    @abstractmethod
    def judge(self, picture: np.ndarray) -> Judgement:
        """Return what the rule says of a picture uint8 [H, W, 3] RGB."""


class BlobRule(Rule):
    """A rule about coloured shapes."""

    def judge(self, picture: np.ndarray) -> Judgement:
        """Return what the rule says of a picture uint8 [H, W, 3] RGB."""
        return self.judge_blobs(find_blobs(picture))

    @abstractmethod
    def judge_blobs(self, blobs: list[Blob]) -> Judgement:
        """Return what the rule says of what is seen."""


def clarity_of(blobs: list[Blob]) -> float:
    """Return how clear the least clear shape is, 0..1; 0 where there is none."""
    return min((blob.clarity for blob in blobs), default=0.0)
