"""Noise level predictor (dissertation eq. 3.12, 3.13): how many noising steps a value has seen."""

import torch
from torch import Tensor, nn

from adapt_learning.restoration.noising import Noising
from adapt_learning.restoration.pairs import Pairs
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import MLPConfig, StackedMLP
from adapt_learning.stacked.stage import Draws, Stage

LARGEST = 10.0
"""Noised values are clipped here, as normalised data are."""


class NoiseLevelPredictor(nn.Module):
    """psi(x_n, c) -> n / T, [K, B]."""

    def __init__(self, config: MLPConfig, size: int, condition_size: int, random: MemberRandom):
        super().__init__()
        self.size = size
        self.network = StackedMLP(config, size + condition_size, 1, random)

    def forward(self, value: Tensor, condition: Tensor) -> Tensor:
        """Return about 0..1 for values [K, B, D] and conditions [K, B, C]."""
        value = value.clamp(-LARGEST, LARGEST)
        return self.network(torch.cat([value, condition], dim=-1))[..., 0]


class NoiseLevelStage(Stage):
    """Minimise L_pred = |n/T - psi(x_n, c)|^2 with n uniform in 0..T."""

    name = 'noise level'

    def __init__(self, module: NoiseLevelPredictor, noising: Noising, shrinks: bool,
                 config: OptimizationConfig):
        self.module, self.noising, self.config = module, noising, config
        self.noised = noising.noisy if shrinks else noising.spread

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw levels and noise."""
        return {'level': random.integers(0, self.noising.steps + 1, steps, batch),
                'noise': random.normal(steps, batch, self.module.size)}

    def loss(self, batch: Pairs, draws: Draws) -> dict[str, Tensor]:
        """Return L_pred of the members."""
        level = draws['level']
        noised = self.noised(batch.value, level, draws['noise'])
        predicted = self.module(noised, batch.condition)
        return {'loss': (predicted - level / self.noising.steps).square().mean(1)}

    def score(self, batch: Pairs) -> Tensor:
        """Return L_pred under fixed draws [K]."""
        random = MemberRandom((0,), 'noise level score')
        draws = self.draw(random, 1, batch.count)
        return self.loss(batch, {name: t[:, 0] for name, t in draws.items()})['loss']
