"""Restoration without noise level predictor (dissertation table 3.6): one level for all."""

from dataclasses import dataclass

import torch
from torch import Tensor

from adapt_learning.errors import SettingError
from adapt_learning.restoration.diffusion_restorer import (
    DiffusionRestorer,
    DiffusionRestorerConfig,
)


@dataclass(frozen=True)
class NoPredictorConfig(DiffusionRestorerConfig):
    """Settings of the variant."""

    threshold: int = 0
    """Without a prediction there is nothing to compare with it."""
    level: int = 50
    """The level that every value is taken to have; 50 of T = 100 as published."""

    def __post_init__(self):
        super().__post_init__()
        if not 1 <= self.level <= self.training.schedule.steps:
            raise SettingError(f'level lies in 1..T; got {self.level} with T = '
                               f'{self.training.schedule.steps}')
        if self.threshold > self.level:
            raise SettingError('threshold is not above level, or nothing would be restored; got '
                               f'{self.threshold} and {self.level}')


class NoPredictorRestorer(DiffusionRestorer):
    """Denoise every suspected value from the same level."""

    Config = NoPredictorConfig

    def levels(self, values: Tensor, condition: Tensor) -> Tensor:
        """Return the fixed level, int64 [B]."""
        return torch.full((len(values),), self.config.level)
