"""Gaussian noise on the normalised observation while training; the same for every policy."""

import torch
from torch import Tensor

from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.stage import Draws

OBSERVATION_NOISE = 'observation_noise'
"""Its name among the draws of a stage."""


def drawn_noise(std: float, random: MemberRandom, steps: int, batch: int, size: int) -> Draws:
    """Return the draws [K, steps, batch, size] by name; none (and nothing drawn) where std is 0."""
    return {OBSERVATION_NOISE: random.normal(steps, batch, size)} if std else {}


def with_noise(observation: Tensor, draws: Draws, std: float) -> Tensor:
    """Return the observation with the noise that was drawn for it, or as it is."""
    if OBSERVATION_NOISE not in draws:
        return observation
    return torch.add(observation, draws[OBSERVATION_NOISE], alpha=std)
