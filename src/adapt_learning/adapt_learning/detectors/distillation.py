"""Distil a small backbone from a large one, without labels (Hinton et al., arXiv 1503.02531).

The small one learns to give the maps of the large one on views of pictures that may be shipped.
What it has to keep is what detectors compare: the direction of each place's feature, smoothed as
`nearest_patch` smooths it; and the plain values, so that maps keep their scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from adapt_learning.detectors.backbone import Backbone
from adapt_learning.detectors.views import random_views
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training


@dataclass(frozen=True)
class DistillationConfig:
    """How it is trained."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=2500, batch=16, learning_rate=2e-3, weight_decay=1e-4, warmup_steps=100,
        gradient_clip=1.0, ema_decay=0.0, precision='float32'))
    """The average of the weights is not used."""
    crop_px: int = 128
    """Side of the views, a multiple of 16."""
    value_weight: float = 0.3
    """Of the plain values, beside the directions."""

    def __post_init__(self):
        if self.crop_px < 32 or self.crop_px % 16:
            raise SettingError(f'crop_px is a multiple of 16 from 32 on; got {self.crop_px}')
        if self.value_weight < 0:
            raise SettingError(f'value_weight is not negative; got {self.value_weight}')


class Distillation(Training):
    """
    The training of `student` to give the maps of `teacher` on views of `pictures`.

    Pictures are uint8 [3, H, W] of any size. SettingError unless both have the same levels.
    """

    def __init__(self, student: Backbone, teacher: Backbone, pictures: Sequence[Tensor],
                 config: DistillationConfig, seed: int = 0):
        if student.levels != teacher.levels:
            raise SettingError('a backbone is distilled from one with the same levels; got '
                               f'{student.levels} and {teacher.levels}')
        if not pictures:
            raise SettingError('a backbone is distilled on at least one picture; got none')
        # Channels last: a third faster on a processor.
        student, teacher = (x.to(memory_format=torch.channels_last) for x in (student, teacher))
        super().__init__(student.train(), config.optimization, seed)
        self.teacher, self.pictures, self.config = teacher.eval(), pictures, config

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum of the differences on new views, and both."""
        views = random_views(self.pictures, self.config.optimization.batch, self.config.crop_px,
                             self.random).contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            wanted = self.teacher(views)
        parts = _differences(self.module(views), wanted)
        return parts['direction'] + self.config.value_weight * parts['value'], parts


def _differences(maps: list[Tensor], wanted: list[Tensor]) -> dict[str, Tensor]:
    """Return the mean squared differences of directions and of values, each over the levels."""
    direction, value = torch.zeros(()), torch.zeros(())
    for x, y in zip(maps, wanted, strict=True):
        unlike = _direction(x) - _direction(y)
        direction = direction + unlike.square().sum(1).mean()
        # In units of each channel, or the loud ones would be all that is learnt.
        spread = y.std((0, 2, 3), keepdim=True) + 1e-3
        value = value + ((x - y) / spread).square().mean()
    return {'direction': direction / len(maps), 'value': value / len(maps)}


def _direction(x: Tensor) -> Tensor:
    return functional.normalize(
        functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False), dim=1)
