"""
Where policies that turn noise into actions begin.

The noise is pseudo-random: it is computed from the observation and `noise_seed`. So such a policy
samples as published, and still is a function of the observation that can be exported whole. Noise
that is drawn once (`start='fixed'`) always picks the same quantile of the learnt actions;
`noise_scale` 0 picks the middle, which leaves the polluted tails out.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import one_of


@dataclass(frozen=True, kw_only=True)
class StartConfig:
    """Settings of the noise, and of the box that actions stay in."""

    noise_scale: float = 1.0
    """All noise that goes into an action is multiplied by this; 0 begins in the middle."""
    noise_seed: int = 0
    start: str = 'observation'
    """Where an action begins: noise by observation, or the same noise for all (fixed)."""
    action_limit: float = 1.0
    """Largest magnitude of a raw action."""
    action_reach: float = 10.0
    """Actions stay within so many std of the mean of the demonstrated ones."""

    def __post_init__(self):
        one_of('start', self.start, ('observation', 'fixed'))
        if self.noise_scale < 0 or self.action_limit <= 0 or self.action_reach <= 0:
            raise SettingError(
                'noise_scale is not negative, action_limit and action_reach are above 0; got '
                f'{self.noise_scale}, {self.action_limit} and {self.action_reach}')


def start_noise(config: StartConfig, observation_size: int, size: int) -> nn.Module:
    """Return what makes the noise: raw observations [..., S] -> [..., size] or [size]."""
    kind = ObservationNoise if config.start == 'observation' else FixedNoise
    return kind(config, observation_size, size)


class FixedNoise(nn.Module):
    """The same noise for every observation: [..., S] -> [size]."""

    def __init__(self, config: StartConfig, observation_size: int, size: int):
        super().__init__()
        generator = torch.Generator().manual_seed(config.noise_seed)
        self.register_buffer('noise', config.noise_scale * torch.randn(
            size, generator=generator), persistent=False)

    def forward(self, observation: Tensor) -> Tensor:
        """Return the noise."""
        return self.noise


class ObservationNoise(nn.Module):
    """
    Noise that is a hash of the raw observation: [..., S] -> [..., size], standard normal.

    All of it but the last line is arithmetic with whole numbers, so that torch and onnxruntime
    agree; neighbouring observations get unrelated noise.
    """

    PRIME = 2 ** 31 - 1
    """Products of two residues fit into int64."""

    def __init__(self, config: StartConfig, observation_size: int, size: int):
        super().__init__()
        generator = torch.Generator().manual_seed(config.noise_seed)
        self.scale = config.noise_scale
        for name, count in (('weight', observation_size), ('multiplier', 2 * size),
                            ('offset', 2 * size)):
            self.register_buffer(name, torch.randint(1, self.PRIME, (count,), generator=generator),
                                 persistent=False)

    def forward(self, observation: Tensor) -> Tensor:
        """Return the noise."""
        # Multiplying by a power of two is exact.
        whole = (observation.double() * 2 ** 16).floor().long().remainder(self.PRIME)
        key = (whole * self.weight).remainder(self.PRIME).sum(-1, keepdim=True)
        mixed = (key.remainder(self.PRIME) * self.multiplier + self.offset).remainder(self.PRIME)
        mixed = (mixed * mixed + self.offset).remainder(self.PRIME)
        radius, angle = ((mixed.double() + 0.5) / self.PRIME).chunk(2, -1)
        normal = (-2 * radius.log()).sqrt() * (2 * math.pi * angle).cos()  # Box and Muller
        return (self.scale * normal).float()
