"""Multilayer perceptrons, natively stacked (see `stacked.layers`)."""

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

__all__ = ['MLPConfig', 'StackedLinear', 'StackedMLP']


@dataclass(frozen=True)
class MLPConfig:
    """Shape of a policy network."""

    width: int = 256
    depth: int = 3
    """Hidden layers."""
    activation: str = 'relu'
    """relu, tanh, silu or gelu."""
    initializer: str = 'uniform'
    """uniform (torch's default), kaiming, orthogonal (published policies: gain sqrt 2)."""
    layer_norm: bool = False
    """Normalise every hidden layer before its activation."""
    dropout: float = 0.0
    """Share of hidden units that are dropped while training."""

    def __post_init__(self):
        if self.width < 1 or self.depth < 1:
            raise SettingError('width and depth of a network are at least 1; got '
                               f'{self.width} and {self.depth}')
        if not 0 <= self.dropout < 1:
            raise SettingError(f'dropout lies in 0..1 (without 1); got {self.dropout}')
        activation_named(self.activation)
        initializer_named(self.initializer)


class StackedMLP(nn.Module):
    """K multilayer perceptrons of one shape: [K or 1, B, in] -> [K, B, out]."""

    def __init__(self, config: MLPConfig, inputs: int, outputs: int, random: MemberRandom):
        super().__init__()
        self.config = config
        self.activation = activation_named(config.activation)
        sizes = [inputs] + [config.width] * config.depth
        self.layers = nn.ModuleList(
            StackedLinear(a, b, random, config.initializer)
            for a, b in zip(sizes[:-1], sizes[1:], strict=True))
        self.head = StackedLinear(config.width, outputs, random, config.initializer)

    @property
    def members(self) -> int:
        """Return K."""
        return self.head.members

    def forward(self, x: Tensor, dropped: Tensor | None = None) -> Tensor:
        """
        Return the outputs, float32 [K, B, out].

        `dropped` bool [K, B, depth * width] (see `draw_dropout`) says which hidden units are off;
        None keeps all of them. The draws are handed in, so that a stacked member and a single
        network see the same ones.
        """
        h = x.to(self.head.weight.dtype)
        for i, layer in enumerate(self.layers):
            h = layer(h)
            if self.config.layer_norm:
                h = nn.functional.layer_norm(h, h.shape[-1:])
            h = self.activation(h)
            if dropped is not None:
                width = self.config.width
                off = dropped[..., i * width:(i + 1) * width]
                h = h.masked_fill(off, 0.0) / (1 - self.config.dropout)
        return self.head(h).float()

    def draw_dropout(self, random: MemberRandom, *shape: int) -> Tensor | None:
        """Return masks for `forward`, bool [K, *shape, depth * width]; None without dropout."""
        if not self.config.dropout:
            return None
        units = self.config.depth * self.config.width
        return random.uniform(*shape, units) < self.config.dropout

    def unstacked(self) -> nn.Sequential:
        """Return a network of one member as plain layers, [B, in] -> [B, out] (for export)."""
        parts: list[nn.Module] = []
        for layer in self.layers:
            parts.append(_plain(layer))
            if self.config.layer_norm:
                parts.append(nn.LayerNorm(self.config.width, elementwise_affine=False))
            parts.append(_Activation(self.activation))
        return nn.Sequential(*parts, _plain(self.head))


class _Activation(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _plain(layer: StackedLinear) -> nn.Linear:
    if layer.members != 1:
        raise SettingError('only a policy of one member can be unstacked; take member(k) first, '
                           f'got {layer.members} members')
    outputs, inputs = layer.weight.shape[2], layer.weight.shape[1]
    plain = nn.Linear(inputs, outputs, bias=layer.bias is not None)
    with torch.no_grad():
        plain.weight.copy_(layer.weight[0].T)
        if layer.bias is not None:
            plain.bias.copy_(layer.bias[0, 0])
    return plain
