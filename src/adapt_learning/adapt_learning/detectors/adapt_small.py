"""The backbone that ships: a small residual network, distilled here (`detectors.distillation`).

Its maps have the channels of MobileNetV2's, whose features it learnt to give on procedural
surfaces and photographs, so whatever compares the one's patches compares the other's. Plain 3x3
convolutions in place of depthwise ones: more arithmetic, and less time on a processor.
"""

from typing import ClassVar

from torch import Tensor, nn

from adapt_learning.detectors.backbone import Backbone, Level

_STEM = 32
_STAGES = ((32, 1), (64, 2), (128, 2))
"""Channels and first stride; two blocks each."""


class AdaptSmall(Backbone):
    """
    0.7 million weights; three levels.

    `normalized` puts batch normalisation behind each convolution, for training; `take_weights`
    folds it, so a network without it takes the state of one that has it.
    """

    levels: ClassVar = (Level(24, 4), Level(32, 8), Level(96, 16))
    shipped_weights: ClassVar = 'adapt_small/weights.safetensors'

    def __init__(self, normalized: bool = False):
        super().__init__()
        self.stem = nn.Sequential(
            _convolution(3, _STEM, 2, normalized), nn.ReLU(),
            _convolution(_STEM, _STEM, 2, normalized), nn.ReLU())
        self.stages, self.heads, channels = nn.ModuleList(), nn.ModuleList(), _STEM
        for (width, stride), level in zip(_STAGES, self.levels, strict=True):
            self.stages.append(nn.Sequential(
                _Block(channels, width, stride, normalized), _Block(width, width, 1, normalized)))
            self.heads.append(nn.Conv2d(width, level.channels, 1))
            channels = width

    def maps(self, x: Tensor) -> list[Tensor]:
        """Return the maps at strides 4, 8 and 16."""
        x, found = self.stem(x), []
        for stage, head in zip(self.stages, self.heads, strict=True):
            x = stage(x)
            found.append(head(x))
        return found

    @classmethod
    def normalized_by(cls, layer: str) -> str:
        """Return the next layer of the same pair: stem.0.0 -> stem.0.1; heads have none."""
        before, _, place = layer.rpartition('.')
        return '' if before == 'heads' else f'{before}.{int(place) + 1}'


class _Block(nn.Module):
    """Two convolutions and a bridge."""

    def __init__(self, channels: int, out: int, stride: int, normalized: bool):
        super().__init__()
        self.first = _convolution(channels, out, stride, normalized)
        self.second = _convolution(out, out, 1, normalized)
        self.bridge = (_convolution(channels, out, stride, normalized, kernel=1)
                       if stride > 1 else None)

    def forward(self, x: Tensor) -> Tensor:
        """Return the map, rectified."""
        bridge = x if self.bridge is None else self.bridge(x)
        return (bridge + self.second(self.first(x).relu())).relu()


def _convolution(channels: int, out: int, stride: int, normalized: bool,
                 kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, stride, kernel // 2),
        nn.BatchNorm2d(out) if normalized else nn.Identity())
