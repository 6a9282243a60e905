"""The epsilon network of DBC: an MLP on state and action that knows the noising step."""

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.stacked.layers import (
    MemberRandom,
    StackedLinear,
    activation_named,
    initializer_named,
)

EMBEDDINGS = ('table', 'sinusoidal')
_FREQUENCIES = 32


@dataclass(frozen=True)
class DenoiserConfig:
    """Shape of the epsilon network."""

    width: int = 512
    depth: int = 3
    """Hidden layers. The published network names 4 and calls 3 of them; 3 is what it computes."""
    activation: str = 'relu'
    initializer: str = 'uniform'
    embedding: str = 'table'
    """
    How the step enters each hidden layer. table: a learnt row per step and layer, as published.
    sinusoidal: a learnt linear map of fixed waves; neighbouring steps share what they learn and
    the optimiser has T x width x depth fewer numbers to move.
    """

    def __post_init__(self):
        if self.width < 1 or self.depth < 1:
            raise SettingError('width and depth of a denoiser are at least 1; got '
                               f'{self.width} and {self.depth}')
        if self.embedding not in EMBEDDINGS:
            raise SettingError(f"there is no step embedding '{self.embedding}'; allowed: "
                               f"{', '.join(EMBEDDINGS)}")
        activation_named(self.activation)
        initializer_named(self.initializer)


class Denoiser(nn.Module):
    """
    K stacked epsilon networks phi(x_t, t) for vectors of size D (state and action joined).

    With `condition_size` C they are phi(x_t, c, t): the input is [x_t, c] of size D + C.
    """

    def __init__(self, config: DenoiserConfig, size: int, steps: int, random: MemberRandom,
                 condition_size: int = 0):
        super().__init__()
        self.config = config
        self.size = size
        self.activation = activation_named(config.activation)
        width, depth, kind = config.width, config.depth, config.initializer
        # The step's embedding is added before every activation, so it is the bias as well.
        self.layers = nn.ModuleList(
            StackedLinear(inputs, width, random, kind, bias=False)
            for inputs in (size + condition_size, *[width] * (depth - 1)))
        self.head = StackedLinear(width, size, random, 'uniform')
        if config.embedding == 'table':
            self.table = nn.Parameter(random.normal(steps, depth * width))
        else:
            self.register_buffer('waves', _waves(steps), persistent=False)
            self.table = StackedLinear(2 * _FREQUENCIES, depth * width, random, 'kaiming')

    def forward(self, noisy: Tensor, embedded: Tensor) -> Tensor:
        """
        Predict the noise in `noisy` [K, B, D (+ C)]; float32 [K, B, D].

        `embedded` is `embed(t)` of the steps; it is apart, because two pairs that share their
        steps (eq. 3.5) need it once.
        """
        h = noisy.to(self.head.weight.dtype)
        offsets = embedded.chunk(len(self.layers), dim=-1)
        for layer, offset in zip(self.layers, offsets, strict=True):
            h = self.activation(layer(h, offset))
        return self.head(h).float()

    def embed(self, t: Tensor) -> Tensor:
        """Return what the steps t [K, B] add to the hidden layers, [K, B, depth * width]."""
        if isinstance(self.table, StackedLinear):
            return self.table(self.waves[t].to(self.table.weight.dtype))
        members, steps, width = self.table.shape
        first = steps * torch.arange(members, device=t.device)[:, None]
        # One lookup in the joined table: its backward is far cheaper than that of indexing.
        return nn.functional.embedding(t + first, self.table.reshape(members * steps, width))

    def frozen(self, dtype: torch.dtype) -> 'Denoiser':
        """Return a copy that does not learn, in `dtype`, with all embeddings computed already."""
        copied = copy.deepcopy(self).requires_grad_(False)
        if isinstance(self.table, StackedLinear):
            with torch.no_grad():
                table = self.table(self.waves[None])
            del copied.table, copied.waves
            copied.table = nn.Parameter(table, requires_grad=False)
        return copied.to(dtype)


def _waves(steps: int) -> Tensor:
    """Return sines and cosines of t/T, float32 [T, 2 F]: half a wave to 100 waves over T."""
    t = torch.arange(steps, dtype=torch.float64) / steps
    rate = torch.exp(torch.linspace(math.log(math.pi), math.log(200 * math.pi), _FREQUENCIES,
                                    dtype=torch.float64))
    angle = t[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], dim=-1).float()
