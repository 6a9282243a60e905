"""The meta-comparer (dissertation section 1.1) learns to compare, not what a surface looks like.

Backbone -> BiFPN -> patches of several resolutions -> a comparer per resolution. It is trained on
many surfaces at once, each episode on one of them, with labels of whole pictures only; on a new
surface it is given good pictures and nothing else.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.detectors.backbone import Backbone
from adapt_learning.detectors.base import Detector, PatchLevel
from adapt_learning.detectors.bifpn import BiFPN
from adapt_learning.detectors.comparer import MODES, Comparer
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import one_of


@dataclass(frozen=True)
class MetaComparerConfig:
    """Shape and inference. The dissertation leaves the sizes to a supplement that is not public."""

    width: int = 64
    """Channels of the BiFPN."""
    layers: int = 2
    """Of the BiFPN."""
    latent: int = 64
    """Dimension of the space of co-attention."""
    hidden: int = 64
    """Units of the MLP of eq. 1.1."""
    skip: int = 1
    """
    So many of the finest levels are pooled and joined to the first that is compared: on a grid of
    their own they would be too many patches.
    """
    mode: str = 'nearest'
    """
    max: the oddest reference patch counts (eq. 1.1). nearest: the least odd of the most similar
    ones; on surfaces that differ from place to place nothing else can work.
    """
    neighbors: int = 4
    """References that mode nearest asks about."""

    def __post_init__(self):
        for name in ('width', 'layers', 'latent', 'hidden', 'neighbors'):
            if getattr(self, name) < 1:
                raise SettingError(f'{name} is at least 1; got {getattr(self, name)}')
        one_of('mode', self.mode, MODES)


class MetaComparer(Detector):
    """Patches are those of the BiFPN; a bank holds patches of reference pictures."""

    Config: ClassVar = MetaComparerConfig

    def __init__(self, backbone: Backbone, config: MetaComparerConfig, input_px: int = 256):
        super().__init__()
        if not 0 <= config.skip < len(backbone.levels):
            raise SettingError(f'skip leaves at least one of the {len(backbone.levels)} levels of '
                               f'the backbone; got {config.skip}')
        self.backbone, self.config, self.input_px = backbone, config, input_px
        self.neck = BiFPN(tuple(level.size - config.width for level in self.levels),
                          config.width, config.layers)
        self.comparers = nn.ModuleList(
            Comparer(level.size, config.latent, config.hidden) for level in self.levels)

    @property
    def levels(self) -> tuple[PatchLevel, ...]:
        """Return the levels that are compared, finest first."""
        levels, skip = self.backbone.levels, self.config.skip
        channels = [sum(level.channels for level in levels[:skip + 1]),
                    *(level.channels for level in levels[skip + 1:])]
        return tuple(PatchLevel(self.config.width + own, self.input_px // level.stride)
                     for own, level in zip(channels, levels[skip:], strict=True))

    def learner(self) -> 'MetaComparer':
        """Return itself."""
        return self

    def learning(self) -> nn.Module:
        """Return what is trained; the backbone is not."""
        return nn.ModuleList([self.neck, self.comparers])

    def patches(self, picture: Tensor) -> list[Tensor]:
        """Return the patches of every level [B, grid * grid, D]."""
        return self.patches_of(self.backbone(picture))

    def patches_of(self, maps: list[Tensor]) -> list[Tensor]:
        """Return the patches that belong to maps of the backbone, which training keeps."""
        # Scaled to length 1 in every place, as `nearest_patch` does and for its reason: contrast
        # differs more between surfaces than between good and bad.
        maps = [functional.normalize(x, dim=1) * x.shape[1] ** 0.5 for x in maps]
        fine, first = maps[:self.config.skip], maps[self.config.skip]
        pooled = [functional.avg_pool2d(x, x.shape[-1] // first.shape[-1]) for x in fine]
        maps = [torch.cat([*pooled, first], dim=1), *maps[self.config.skip + 1:]]
        # The frozen features stay in the patch: they are general, what the neck adds is learnt.
        return [torch.cat(pair, dim=1).flatten(2).transpose(1, 2)
                for pair in zip(self.neck(maps), maps, strict=True)]

    def odd(self, patches: list[Tensor], banks: list[Tensor]) -> list[Tensor]:
        """Return s_j of every patch, in 0..1."""
        # A bank of a plain surface may have fewer rows than are asked about: the first fills up.
        banks = [torch.cat([bank, bank[:1].expand(self.config.neighbors - 1, -1)])
                 for bank in banks]
        return [torch.sigmoid(comparer.scores(
            query, bank, comparer.attention(query, bank), self.config.mode, self.config.neighbors))
            for comparer, query, bank in zip(self.comparers, patches, banks, strict=True)]
