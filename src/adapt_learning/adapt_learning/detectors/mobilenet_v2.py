"""MobileNetV2 (Sandler et al., CVPR 2018) as far as it is used here: up to the 14th block."""

from typing import ClassVar

from torch import Tensor, nn

from adapt_learning.detectors.backbone import Backbone, Level

_BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
"""Expansion, channels, repetitions, first stride (table 2 of the paper)."""
_TAPS = (3, 6, 13)
"""The last blocks at strides 4, 8 and 16."""


class MobileNetV2(Backbone):
    """Half a million weights; three levels."""

    levels: ClassVar = (Level(24, 4), Level(32, 8), Level(96, 16))
    weights_url: ClassVar = 'https://download.pytorch.org/models/mobilenet_v2-7ebf99e0.pth'

    def __init__(self):
        super().__init__()
        layers, channels = [_convolution(3, 32, 3, stride=2)], 32
        for expansion, out, repetitions, stride in _BLOCKS:
            for i in range(repetitions):
                layers.append(_Block(channels, out, stride if i == 0 else 1, expansion))
                channels = out
        self.features = nn.Sequential(*layers)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Return the maps at strides 4, 8 and 16."""
        found = []
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in _TAPS:
                found.append(x)
        return found

    @classmethod
    def normalized_by(cls, layer: str) -> str:
        """Return the next layer of the same sequence: features.0.0 -> features.0.1."""
        before, _, place = layer.rpartition('.')
        return f'{before}.{int(place) + 1}' if place.isdigit() else ''


class _Block(nn.Module):
    """Expand, filter each channel, project; with a bridge where the shape stays."""

    def __init__(self, channels: int, out: int, stride: int, expansion: int):
        super().__init__()
        inner = channels * expansion
        expand = [] if expansion == 1 else [_convolution(channels, inner, 1)]
        self.conv = nn.Sequential(
            *expand, _convolution(inner, inner, 3, stride, groups=inner), nn.Conv2d(inner, out, 1))
        self.bridged = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        """Return the filtered map."""
        return x + self.conv(x) if self.bridged else self.conv(x)


def _convolution(channels: int, out: int, kernel: int, stride: int = 1,
                 groups: int = 1) -> nn.Sequential:
    # Identity stands where torchvision has the normalisation, so that the names are the same.
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups), nn.Identity(),
        nn.ReLU6())
