"""Nearest reference patch: frozen features, no training (as PatchCore, Roth et al., CVPR 2022).

The floor that a trained detector has to beat. Each level of the backbone is smoothed, brought to
one grid and scaled to length 1 in every place, so that levels count alike and the strength of a
feature does not; what is joined is one patch.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from adapt_learning.detectors.backbone import Backbone
from adapt_learning.detectors.base import Detector, PatchLevel
from adapt_learning.errors import SettingError


@dataclass(frozen=True)
class NearestPatchConfig:
    """Where patches stand."""

    stride: int = 8
    """Pixels between two patches; a stride of one of the backbone's maps."""

    def __post_init__(self):
        if self.stride < 1:
            raise SettingError(f'stride is at least 1 px; got {self.stride}')


class NearestPatch(Detector):
    """The distance to the nearest patch of the bank."""

    Config: ClassVar = NearestPatchConfig

    def __init__(self, backbone: Backbone, config: NearestPatchConfig | None = None,
                 input_px: int = 256):
        super().__init__()
        self.backbone, self.input_px = backbone, input_px
        self.grid = input_px // (config or NearestPatchConfig()).stride

    @property
    def levels(self) -> tuple[PatchLevel, ...]:
        """Return the only level: all maps joined."""
        return (PatchLevel(sum(level.channels for level in self.backbone.levels), self.grid),)

    def patches(self, picture: Tensor) -> list[Tensor]:
        """Return the joined patches [B, grid * grid, D]."""
        return self.patches_of(self.backbone(picture))

    def patches_of(self, maps: list[Tensor]) -> list[Tensor]:
        """Return the joined patches that belong to maps of the backbone."""
        maps = [self._fitted(x) for x in maps]
        return [torch.cat(maps, dim=1).flatten(2).transpose(1, 2)]

    def odd(self, patches: list[Tensor], banks: list[Tensor]) -> list[Tensor]:
        """Return the distance of every patch."""
        (query,), (bank,) = patches, banks
        # All patches have the same length, so the nearest is the one with the largest product. The
        # distance is that of the difference: from the product it would be all rounding near 0.
        nearest = bank[(query @ bank.T).argmax(-1)]
        return [(query - nearest).square().sum(-1).sqrt()]

    def _fitted(self, x: Tensor) -> Tensor:
        x = functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        size = (self.grid, self.grid)
        if x.shape[-1] > self.grid:
            x = functional.avg_pool2d(x, x.shape[-1] // self.grid)
        elif x.shape[-1] < self.grid:
            x = functional.interpolate(x, size=size, mode='bilinear', align_corners=False)
        return functional.normalize(x, dim=1)
