"""What every policy is: a stack of K members that names its training stages."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from adapt_learning.data.chunk import Chunk
from adapt_learning.data.normalizer import Normalizer
from adapt_learning.stacked.config import NormalizationConfig
from adapt_learning.stacked.stage import Samples, Stage


@dataclass(frozen=True)
class Batch(Samples):
    """Normalised pairs of one update."""

    observation: Tensor
    """float32 [K or 1, B, S]."""
    action: Tensor
    """float32 [K or 1, B, A]; the actions of a chunk stand side by side, [K or 1, B, H * A]."""


@dataclass(frozen=True)
class Normalizers:
    """How raw values enter and leave the networks of all members."""

    observation: Normalizer
    action: Normalizer

    @classmethod
    def fit(cls, config: NormalizationConfig, observation: np.ndarray,
            action: np.ndarray) -> 'Normalizers':
        """Measure them on training data, observation [N, S] and action [N, A]."""
        def one(use: bool, x: np.ndarray, floor: float) -> Normalizer:
            if not use:
                return Normalizer.identity(x.shape[-1], config.clip)
            fitted = Normalizer.fit(x, config.clip)
            return Normalizer(fitted.mean, np.maximum(fitted.std, floor), config.clip)
        return cls(one(config.observation, observation, config.std_floor),
                   one(config.action, action, 0.0))


class Policy(nn.Module, ABC):
    """
    K policies of one shape.

    Parameters are stacked [K, ...], or [K * M, ...] with the M networks of a member side by side;
    buffers (the normalisers) are shared by the members. The names in the state dict are part of
    the artifact's format.
    """

    Config: ClassVar[type]
    """The frozen dataclass of settings."""
    chooses: ClassVar[bool] = False
    """
    Whether an action is chosen among candidates. Two that are equally good up to the last digit
    can then be taken for each other on another machine.
    """

    inference_settings: ClassVar[tuple[str, ...]] = ()
    """Settings, as in `a.b`, that may change after the training: no weight depends on them."""

    def __init__(self, config, observation_size: int, action_size: int, normalizers: Normalizers,
                 seeds: tuple[int, ...]):
        super().__init__()
        self.config = config
        self.observation_size = observation_size
        self.action_size = action_size
        self.normalizers = normalizers
        self.seeds = tuple(seeds)
        self.observation_normalizer = NormalizerModule(normalizers.observation)
        self.action_normalizer = NormalizerModule(normalizers.action)

    @property
    def members(self) -> int:
        """Return K."""
        return len(self.seeds)

    @property
    def chunk(self) -> Chunk:
        """Return how many actions the policy gives at once (H), and how many are executed."""
        return Chunk()

    @property
    def rounding(self) -> float:
        """
        Return how far the last digits of float32 may take an exported action from torch's.

        In units of the larger of 1 and the largest action.
        """
        return 1e-4

    @abstractmethod
    def stages(self) -> tuple[Stage, ...]:
        """Return the training stages in their order."""

    @abstractmethod
    def act_members(self, observation: Tensor) -> Tensor:
        """
        Return what every member does for raw observations [K or 1, B, S].

        The action [K, B, A]; where `chunk.length` is above 1, the actions [K, B, H, A].
        """

    @abstractmethod
    def deployed(self) -> nn.Module:
        """Return a plain module for export (K = 1): raw observation [B, S] -> what `act` gives."""

    def likeness(self) -> nn.Module | None:
        """Return a plain module (observation, action) -> score [B], or None (K = 1)."""
        return None

    def act(self, observation: Tensor) -> Tensor:
        """Return actions [B, A] (chunks [B, H, A]) for raw observations [B, S]; one member only."""
        if self.members != 1:
            raise ValueError(f'act needs a policy of one member, this one has {self.members}; '
                             'use act_members or member(k)')
        return self.act_members(observation[None])[0]

    def prepare(self, observation: Tensor, action: Tensor) -> Batch:
        """
        Normalise raw pairs [N, S] and [N, A] or [N, H, A].

        Done once; the stages see the result [1, N, ...], the actions of a chunk side by side.
        """
        return Batch(self.observation_normalizer.normalize(observation)[None],
                     self.action_normalizer.normalize(action).flatten(1)[None])

    def action_box(self, limit: float, reach: float) -> tuple[Tensor, Tensor]:
        """
        Return the lowest and highest normalised action [A] worth looking at.

        Those are the raw ones within -limit..limit and within `reach` std of the mean of the
        demonstrated ones.
        """
        wide = torch.full((self.action_size,), limit)
        low = self.action_normalizer.normalize(-wide).clamp_min(-reach)
        high = self.action_normalizer.normalize(wide).clamp_max(reach)
        # Data that lie beyond the limit altogether leave only their own reach.
        beyond = low >= high
        return low.masked_fill(beyond, -reach), high.masked_fill(beyond, reach)

    def member(self, k: int) -> 'Policy':
        """Return a policy of one with copies of the weights of member k."""
        single = type(self)(self.config, self.observation_size, self.action_size,
                            self.normalizers, (self.seeds[k],))
        stacked = dict(self.named_parameters())
        with torch.no_grad():
            for name, parameter in single.named_parameters():
                rows = len(parameter)
                parameter.copy_(stacked[name][k * rows:(k + 1) * rows])
        return single.eval()


class NormalizerModule(nn.Module):
    """`data.Normalizer` as buffers, so that it moves, saves and exports with the policy."""

    def __init__(self, normalizer: Normalizer):
        super().__init__()
        for name, array in normalizer.to_arrays('x').items():
            self.register_buffer(name.removeprefix('x.'), torch.from_numpy(array.copy()))

    def normalize(self, x: Tensor) -> Tensor:
        """Return (x - mean) / std within -clip..clip."""
        scaled = (x - self.mean) / self.std
        return torch.minimum(torch.maximum(scaled, -self.clip), self.clip)

    def denormalize(self, x: Tensor) -> Tensor:
        """Return x * std + mean."""
        return x * self.std + self.mean
