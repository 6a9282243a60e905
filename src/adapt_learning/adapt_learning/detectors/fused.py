"""Both at once: the distance to the nearest patch, moved by what the meta-comparer says of it.

The distance knows nothing of defects and is never blind to what was not seen in training; the
comparer has learnt which differences matter. Each patch of the picture gets

    distance * odds ^ weight,    odds = geometric mean over the levels of s / (1 - s)

with s of eq. 1.1 and the odds bounded: log odds of the comparer are added to the logarithm of the
distance. The oddest patch decides (eq. 1.5). Neither has to be scaled to the other: a threshold is
calibrated for each surface anyway.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from adapt_learning.detectors.backbone import Backbone
from adapt_learning.detectors.base import Detector, PatchLevel
from adapt_learning.detectors.meta_comparer import MetaComparer, MetaComparerConfig
from adapt_learning.detectors.nearest_patch import NearestPatch, NearestPatchConfig
from adapt_learning.errors import SettingError

_LEAST = 1e-3
"""Distance of a patch that is in the bank: scores are above zero."""


@dataclass(frozen=True)
class FusedConfig:
    """Settings of both, and how much the comparer has to say."""

    comparer: MetaComparerConfig = field(default_factory=MetaComparerConfig)
    nearest: NearestPatchConfig = field(default_factory=NearestPatchConfig)
    weight: float = 0.1
    limit: float = 2.0
    """
    Log odds are cut off beyond it: how sure the comparer is of itself on surfaces unlike those it
    learnt from says little.
    """

    def __post_init__(self):
        if not 0 <= self.weight <= 1:
            raise SettingError(f'weight lies in 0..1 (0: the distance alone); got {self.weight}')
        if not 0 < self.limit <= 15:
            # Beyond it a sigmoid in float32 is 1, and the odds would be infinite.
            raise SettingError(f'limit lies above 0 and is at most 15; got {self.limit}')


class Fused(Detector):
    """The bank holds the patches of both; the backbone runs once."""

    Config: ClassVar = FusedConfig

    def __init__(self, backbone: Backbone, config: FusedConfig, input_px: int = 256):
        super().__init__()
        self.backbone, self.config, self.input_px = backbone, config, input_px
        self.nearest = NearestPatch(backbone, config.nearest, input_px)
        self.comparer = MetaComparer(backbone, config.comparer, input_px)

    def learner(self) -> MetaComparer:
        """Return the comparer."""
        return self.comparer

    @property
    def levels(self) -> tuple[PatchLevel, ...]:
        """Return the level of the distance, then those of the comparer."""
        return (*self.nearest.levels, *self.comparer.levels)

    def patches(self, picture: Tensor) -> list[Tensor]:
        """Return the patches of every level [B, grid * grid, D]."""
        maps = self.backbone(picture)
        return [*self.nearest.patches_of(maps), *self.comparer.patches_of(maps)]

    def odd(self, patches: list[Tensor], banks: list[Tensor]) -> list[Tensor]:
        """Return distances, then s of every level of the comparer."""
        return [*self.nearest.odd(patches[:1], banks[:1]),
                *self.comparer.odd(patches[1:], banks[1:])]

    def judge(self, picture: Tensor, banks: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the map [H, W] of one picture [1, 3, P, P] and its score [], its largest value."""
        distance, *odd = self.odd([level[0] for level in self.patches(picture)], banks)
        side = max(level.grid for level in self.levels)
        limit = self.config.limit
        logits = [_at(torch.logit(x).clamp(-limit, limit), level.grid, side)
                  for x, level in zip(odd, self.comparer.levels, strict=True)]
        odds = torch.stack(logits).mean(0)
        distance = _at(distance, self.nearest.grid, side).clamp_min(_LEAST)
        values = distance * torch.exp(self.config.weight * odds)
        return values, values.max()


def _at(x: Tensor, grid: int, side: int) -> Tensor:
    """Return values of patches [grid * grid] as a map [side, side]."""
    return functional.interpolate(x.view(1, 1, grid, grid), size=(side, side), mode='nearest')[0, 0]
