"""ResNet-18 (He et al., CVPR 2016) up to its third stage: the dissertation's backbone."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.detectors.backbone import Backbone, Level


class ResNet18(Backbone):
    """2.8 million weights; three levels (the fourth stage is too coarse for defects)."""

    levels: ClassVar = (Level(64, 4), Level(128, 8), Level(256, 16))
    weights_url: ClassVar = 'https://download.pytorch.org/models/resnet18-f37072fd.pth'

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3)
        self.layer1 = _stage(64, 64, 1)
        self.layer2 = _stage(64, 128, 2)
        self.layer3 = _stage(128, 256, 2)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Return the maps at strides 4, 8 and 16."""
        x = functional.max_pool2d(self.conv1(x).relu(), 3, 2, 1)
        found = []
        for stage in (self.layer1, self.layer2, self.layer3):
            x = stage(x)
            found.append(x)
        return found

    @classmethod
    def normalized_by(cls, layer: str) -> str:
        """Return e.g. bn1 for conv1, downsample.1 for downsample.0."""
        before, _, last = layer.rpartition('.')
        name = last.replace('conv', 'bn') if last.startswith('conv') else '1'
        return f'{before}.{name}' if before else name


class _Block(nn.Module):
    """Two convolutions and a bridge."""

    def __init__(self, channels: int, out: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1)
        self.downsample = nn.Sequential(
            nn.Conv2d(channels, out, 1, stride)) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the map, rectified."""
        bridge = x if self.downsample is None else self.downsample(x)
        return (bridge + self.conv2(self.conv1(x).relu())).relu()


def _stage(channels: int, out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(_Block(channels, out, stride), _Block(out, out, 1))
