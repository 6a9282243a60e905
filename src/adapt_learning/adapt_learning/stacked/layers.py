"""Stacked building blocks: K networks of one shape are one program.

Parameters of K members (seeds of a table, an ensemble, a small sweep) live in one module with a
leading axis [K, ...] and are used by one batched matmul. Member k of a stack equals the network
that is made alone with the seed of member k: every member draws from its own generator, in the
same order, whatever K is.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.errors import SettingError

ACTIVATIONS = MappingProxyType({
    'relu': torch.relu,
    'tanh': torch.tanh,
    'silu': functional.silu,
    'gelu': functional.gelu,
})


class MemberRandom:
    """
    One random generator per member.

    `stream` names the purpose: draws for the initial weights and draws for the batches of a stage
    come from independent generators of the same seed. Draws are made on the CPU, so a run gives
    the same numbers to every device.

    With `networks` M above 1 there is one generator per network, K * M in all, those of a member
    side by side; the first one is that of a member of one network.
    """

    def __init__(self, seeds: Sequence[int], stream: str, networks: int = 1):
        streams = [stream] + [f'{stream}, network {m}' for m in range(1, networks)]
        self.generators = [torch.Generator().manual_seed(_mixed(seed, name))
                           for seed in seeds for name in streams]

    def normal(self, *shape: int) -> Tensor:
        """Return standard normal draws, float32 [K, *shape]."""
        return torch.stack([torch.randn(shape, generator=g) for g in self.generators])

    def uniform(self, *shape: int) -> Tensor:
        """Return draws from 0..1, float32 [K, *shape]."""
        return torch.stack([torch.rand(shape, generator=g) for g in self.generators])

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Return draws from low..high-1, int64 [K, *shape]."""
        return torch.stack([
            torch.randint(low, high, shape, generator=g) for g in self.generators])

    def state(self) -> Tensor:
        """Return the states of all generators, uint8 [K, n]."""
        return torch.stack([g.get_state() for g in self.generators])

    def restore(self, state: Tensor) -> None:
        """Continue from what `state` returned."""
        for generator, row in zip(self.generators, state, strict=True):
            # A copy: set_state reads from the start of the memory, not of the row.
            generator.set_state(row.clone())


class StackedLinear(nn.Module):
    """K linear layers: weight [K, in, out], bias [K, 1, out] (or none)."""

    def __init__(self, inputs: int, outputs: int, random: MemberRandom,
                 initializer: str = 'uniform', bias: bool = True):
        super().__init__()
        draw = initializer_named(initializer)
        weights, biases = zip(*(draw(inputs, outputs, g) for g in random.generators), strict=True)
        self.weight = nn.Parameter(torch.stack(weights))
        self.bias = nn.Parameter(torch.stack(biases)[:, None]) if bias else None

    @property
    def members(self) -> int:
        """Return K."""
        return self.weight.shape[0]

    def forward(self, x: Tensor, offset: Tensor | None = None) -> Tensor:
        """
        Map x [K or 1, B, in] to [K, B, out].

        `offset` [K, B, out] is added in the same pass; it takes the place of the bias of a layer
        that has none.
        """
        if x.shape[0] != self.members:
            x = x.expand(self.members, -1, -1)
        if self.bias is None:
            return torch.bmm(x, self.weight) if offset is None else torch.baddbmm(
                offset, x, self.weight)
        y = torch.baddbmm(self.bias, x, self.weight)
        return y if offset is None else y + offset


def activation_named(name: str) -> Callable[[Tensor], Tensor]:
    """Return an activation; SettingError lists what there is."""
    if name not in ACTIVATIONS:
        raise SettingError(f"there is no activation '{name}'; allowed: {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]


def initializer_named(name: str) -> Callable[[int, int, torch.Generator], tuple[Tensor, Tensor]]:
    """Return a function (inputs, outputs, generator) -> (weight [in, out], bias [out])."""
    if name not in INITIALIZERS:
        raise SettingError(
            f"there is no initializer '{name}'; allowed: {', '.join(INITIALIZERS)}")
    return INITIALIZERS[name]


def _mixed(seed: int, stream: str) -> int:
    # Neighbouring seeds and different purposes must not share draws, hence a hash.
    digest = hashlib.sha256(f'{seed}/{stream}'.encode()).digest()
    return int.from_bytes(digest[:8], 'big') >> 1


def _uniform(inputs: int, outputs: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw as torch does for nn.Linear: weight and bias within +-1/sqrt(in)."""
    bound = 1 / math.sqrt(inputs)
    weight = torch.rand(inputs, outputs, generator=generator)
    bias = torch.rand(outputs, generator=generator)
    return (2 * weight - 1) * bound, (2 * bias - 1) * bound


def _kaiming(inputs: int, outputs: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """He et al.: normal with variance 2/in, zero bias."""
    weight = torch.randn(inputs, outputs, generator=generator) * math.sqrt(2 / inputs)
    return weight, torch.zeros(outputs)


def _orthogonal(inputs: int, outputs: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """As the published policies: orthogonal with gain sqrt(2), zero bias."""
    weight = torch.empty(inputs, outputs)
    nn.init.orthogonal_(weight, math.sqrt(2), generator=generator)
    return weight, torch.zeros(outputs)


INITIALIZERS = MappingProxyType({
    'uniform': _uniform, 'kaiming': _kaiming, 'orthogonal': _orthogonal})
