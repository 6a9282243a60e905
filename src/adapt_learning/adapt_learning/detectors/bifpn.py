"""BiFPN (Tan et al., CVPR 2020): maps of several resolutions that tell each other what they see.

The dissertation's feature extractor puts it behind the backbone (section 1.1.2); sizes are not
given there, so they are settings here. Maps are joined by fast normalised fusion (section 3.3 of
the paper) and filtered by separable convolutions; without batch normalisation, because an episode
holds pictures of one surface only and its statistics would be those of that surface.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

_EPSILON = 1e-4


class BiFPN(nn.Module):
    """Maps [B, C_l, H_l, W_l], each half as large as the one before -> the same with `width`."""

    def __init__(self, channels: tuple[int, ...], width: int = 64, layers: int = 2):
        super().__init__()
        self.enter = nn.ModuleList(nn.Conv2d(c, width, 1) for c in channels)
        self.layers = nn.ModuleList(_Layer(len(channels), width) for _ in range(layers))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Return the joined maps, finest first."""
        maps = [enter(x) for enter, x in zip(self.enter, maps, strict=True)]
        for layer in self.layers:
            maps = layer(maps)
        return maps


class _Layer(nn.Module):
    """Once down from coarse to fine and once up again."""

    def __init__(self, levels: int, width: int):
        super().__init__()
        self.down = nn.ModuleList(_Join(2, width) for _ in range(levels - 1))
        # The finest and the coarsest map have one source less: nothing comes from beyond.
        self.up = nn.ModuleList(
            _Join(3 if 0 < i < levels - 1 else 2, width) for i in range(1, levels))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Return the maps after both ways."""
        below = [maps[-1]]
        for x, join in zip(reversed(maps[:-1]), self.down, strict=True):
            coarser = functional.interpolate(below[0], size=x.shape[-2:], mode='nearest')
            below.insert(0, join([x, coarser]))
        found = below[:1]
        for i, join in enumerate(self.up, start=1):
            finer = functional.max_pool2d(found[-1], 3, 2, 1)
            inner = i < len(maps) - 1
            found.append(join([maps[i], below[i], finer] if inner else [maps[i], finer]))
        return found


class _Join(nn.Module):
    """A weighted mean of maps of one size, filtered."""

    def __init__(self, sources: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(sources))
        self.filter = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, groups=width), nn.Conv2d(width, width, 1))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return the joined map."""
        weight = self.weight.relu()
        share = weight / (weight.sum() + _EPSILON)
        joined = sum(share[i] * x for i, x in enumerate(maps))
        return self.filter(functional.silu(joined))
