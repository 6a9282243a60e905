"""What the training loop runs: stages, each with a module, a loss and its settings."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom

Draws = Mapping[str, Tensor]
"""Random numbers of one update by name, each [K, ...]."""
S = TypeVar('S', bound='Samples')


@dataclass(frozen=True)
class Samples:
    """
    What a loss sees: tensors [K or 1, B, ...] with the samples on the second axis.

    A craft derives its own (a policy's pairs, a restorer's values and conditions); the loop only
    picks rows.
    """

    @property
    def count(self) -> int:
        """Return the number of samples B."""
        return getattr(self, fields(self)[0].name).shape[1]

    @property
    def device(self) -> torch.device:
        """Return where the tensors are."""
        return getattr(self, fields(self)[0].name).device

    def rows(self: S, index: Tensor) -> S:
        """Return the samples of int64 index [n] for all members; shapes [K or 1, n, ...]."""
        return self._mapped(lambda t: t[:, index])

    def batches(self: S, index: Tensor) -> S:
        """
        Return one batch per member and step: int64 index [steps, K, B] -> [steps, K, B, ...].

        With a leading axis of 1 all members draw from the same samples, else each from its own.
        """
        def pick(t: Tensor) -> Tensor:
            if t.shape[0] == 1:
                return t[0][index]
            member = torch.arange(t.shape[0], device=t.device)[None, :, None]
            return t[member, index]
        return self._mapped(pick)

    def step(self: S, i: int) -> S:
        """Return step i of what `batches` returned."""
        return self._mapped(lambda t: t[i])

    def _mapped(self: S, function) -> S:
        return replace(self, **{field.name: function(getattr(self, field.name))
                                for field in fields(self)})


class Stage(ABC):
    """
    One training stage: what is trained, on which loss, with which settings.

    `draw` and `loss` are apart, so that a loss is a function of its inputs alone: it can be
    checked by finite differences, and a stacked member sees the draws it would see alone.
    """

    name: str
    """Appears in logs and checkpoints."""
    module: nn.Module
    """Its parameters, all stacked [K, ...] or [K * M, ...] (M networks per member), are trained."""
    config: OptimizationConfig

    def begin(self, dtype: torch.dtype) -> None:  # noqa: B027 - most stages prepare nothing
        """Prepare what is fixed during the stage; `dtype` is the precision of the matmuls."""

    def samples(self, training: Samples) -> Samples:
        """
        Return what the batches of this stage are drawn from; called once, after `begin`.

        A stage can give samples weights here, or deal them out to the networks of a member.
        Validation samples do not come through here.
        """
        return training

    @abstractmethod
    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Return the random numbers of `steps` updates, each [K, steps, ...]."""

    @abstractmethod
    def loss(self, batch: Samples, draws: Draws) -> dict[str, Tensor]:
        """Return the losses of the members: 'loss' [K] is minimised, others [K] are logged."""

    @abstractmethod
    def score(self, batch: Samples) -> Tensor:
        """Return the validation loss of the members [K] on held-out samples; no randomness."""


class Trainable(Protocol):
    """What the loop trains: an nn.Module of K members that names its stages."""

    seeds: tuple[int, ...]
    """One per member."""

    def stages(self) -> tuple[Stage, ...]:
        """Return the training stages in their order."""

    def named_parameters(self):
        """Yield (name, parameter), as nn.Module does."""
