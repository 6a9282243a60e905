"""A backbone without trained weights, small and always the same."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from adapt_learning.detectors.backbone import Backbone, Level


class TinyBackbone(Backbone):
    """Two strided convolutions."""

    levels: ClassVar = (Level(8, 4), Level(12, 8))

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 8, 5, 4, 2), nn.Conv2d(8, 12, 3, 2, 1)
        for parameter in self.parameters():
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)

    def maps(self, x):
        """Return both maps."""
        first = self.first(x).tanh()
        return [first, self.second(first).tanh()]

    @classmethod
    def normalized_by(cls, layer):
        """Return that there is none."""
        return ''


@pytest.fixture
def backbone():
    """Return the backbone."""
    return TinyBackbone().eval()


@pytest.fixture
def pictures():
    """Return ten pictures [10, 3, 64, 64] of one noisy surface."""
    generator = torch.Generator().manual_seed(1)
    return (0.5 + 0.1 * torch.randn(10, 3, 64, 64, generator=generator)).clamp(0, 1)


@pytest.fixture
def spoilt(pictures):
    """Return the last picture with a dark square whose patches are rows 4..5, columns 2..3 of 8."""
    picture = pictures[-1:].clone()
    picture[:, :, 32:48, 16:32] = 0
    return picture
