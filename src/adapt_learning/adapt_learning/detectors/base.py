"""What a detector is: patches of good pictures go into a bank, a picture is judged beside it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from adapt_learning.detectors.meta_comparer import MetaComparer


@dataclass(frozen=True)
class PatchLevel:
    """One kind of patches that a detector compares."""

    size: int
    """D: numbers per patch."""
    grid: int
    """Patches per side of the picture."""


class Detector(nn.Module, ABC):
    """
    Compares pictures float32 [B, 3, P, P] (RGB in 0..1, P = `input_px`) with banks of patches.

    Everything is a function of picture and bank, so a detector can be exported whole, and a surface
    is learnt by filling its bank: nothing is trained for it.
    """

    Config: ClassVar[type]
    """Settings; a detector is made of a backbone, its settings and the side of its input in px."""
    input_px: int

    def learner(self) -> 'MetaComparer | None':
        """Return what has to be trained; None where the backbone is all there is."""
        return None

    @classmethod
    def learns(cls) -> bool:
        """Return whether there is anything to train, without making a detector."""
        return cls.learner is not Detector.learner

    @property
    @abstractmethod
    def levels(self) -> tuple[PatchLevel, ...]:
        """Return what `patches` gives."""

    @abstractmethod
    def patches(self, picture: Tensor) -> list[Tensor]:
        """Return the patches of every level [B, grid * grid, D]."""

    @abstractmethod
    def odd(self, patches: list[Tensor], banks: list[Tensor]) -> list[Tensor]:
        """Return how odd each patch of one picture is, per level: [P, D], [N, D] -> [P]."""

    def judge(self, picture: Tensor, banks: list[Tensor]) -> tuple[Tensor, Tensor]:
        """
        Return the map [H, W] of one picture [1, 3, P, P] and its score [].

        eq. 1.5 and 1.6: the picture is as odd as its oddest patch, a pixel as the oddest patch that
        contains it.
        """
        odd = self.odd([level[0] for level in self.patches(picture)], banks)
        finest = max(level.grid for level in self.levels)
        maps = [functional.interpolate(x.view(1, 1, level.grid, level.grid), size=(finest, finest),
                                       mode='nearest')[0, 0]
                for x, level in zip(odd, self.levels, strict=True)]
        return torch.stack(maps).amax(0), torch.stack([x.max() for x in odd]).max()
