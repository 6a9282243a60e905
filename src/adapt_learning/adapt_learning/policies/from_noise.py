"""What policies that turn noise into an action have in common: all but target and solver."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn

from adapt_learning.data.chunk import Chunk
from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.loss import draw_steps
from adapt_learning.diffusion.unrolled import UnrolledDenoiser
from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.policies.observation_noise import (
    OBSERVATION_NOISE,
    drawn_noise,
    with_noise,
)
from adapt_learning.policies.start_noise import StartConfig, start_noise
from adapt_learning.stacked.config import NormalizationConfig, OptimizationConfig, later
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.stage import Draws, Stage

_SCORE_DRAWS = 4

Solver = Callable[[Callable[[Tensor, int], Tensor], Tensor, Tensor, Tensor], Tensor]
"""
(predict, noise, low, high) -> normalised actions, those of a chunk side by side: D = H * A.

`predict(x, i)` asks the network at step i; noise [..., draws * D], low and high [D].
"""


@dataclass(frozen=True, kw_only=True)
class NoisePolicyConfig(StartConfig):
    """Settings that all of them have."""

    network: DenoiserConfig = field(
        default_factory=lambda: DenoiserConfig(width=256, depth=3, embedding='sinusoidal'))
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    normalization: NormalizationConfig = field(default_factory=NormalizationConfig)
    chunk: Chunk = later(Chunk())
    """How many actions come out of one noise, and how many of them are executed."""
    observation_noise: float = later(0.0)
    """Std of Gaussian noise on the normalised observation while training, as in `bc`."""

    def __post_init__(self):
        super().__post_init__()
        if self.observation_noise < 0:
            raise SettingError(
                f'observation_noise is not negative; got {self.observation_noise}')


class NoisePolicy(Policy):
    """
    K conditional networks that are asked a few times on the way from noise to an action.

    For the network a chunk of H actions is one vector of D = H * A numbers. Subclasses say what it
    is taught (`noised`) and how the way goes (`times`, `solver`).
    """

    inference_settings = ('inference_steps', 'noise_scale', 'noise_seed', 'start', 'action_limit',
                          'action_reach', 'chunk.executed')
    stream: ClassVar[str]
    """Names the random numbers that the weights begin with."""

    def __init__(self, config: NoisePolicyConfig, observation_size: int, action_size: int,
                 normalizers: Normalizers, seeds: tuple[int, ...]):
        super().__init__(config, observation_size, action_size, normalizers, seeds)
        length = config.chunk.length
        self.denoiser = Denoiser(
            config.network, length * action_size, self.levels, MemberRandom(seeds, self.stream),
            condition_size=observation_size)
        self.start = start_noise(
            config, observation_size, self.draws * length * action_size)
        low, high = self.action_box(config.action_limit, config.action_reach)
        for name, value in (('low', low), ('high', high)):
            self.register_buffer(name, value.repeat(length), persistent=False)

    @property
    def chunk(self) -> Chunk:
        """Return how many actions the policy gives at once, and how many are executed."""
        return self.config.chunk

    @property
    def says_action(self) -> bool:
        """Return whether the network predicts the action itself."""
        return self.config.prediction == 'action'

    @property
    def draws(self) -> int:
        """Return how much noise an action takes: one draw to begin with, and what else."""
        return 1

    @property
    @abstractmethod
    def levels(self) -> int:
        """Return how many levels of noise the network tells apart: 0..levels-1."""

    @property
    @abstractmethod
    def times(self) -> tuple[int, ...]:
        """Return the levels that inference visits, in order."""

    @property
    @abstractmethod
    def solver(self) -> Solver:
        """Return what walks from noise to an action; it holds no parameters."""

    @abstractmethod
    def noised(self, action: Tensor, t: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the network sees of actions [K, B, D] at levels t [K, B], and its target."""

    def stages(self) -> tuple[Stage, ...]:
        """Return the only stage."""
        return (NoiseStage(self),)

    def act_members(self, observation: Tensor) -> Tensor:
        """Return the action of every member for raw observations [K or 1, B, S], as in `Policy`."""
        condition = self.observation_normalizer.normalize(observation)
        condition = condition.expand(self.members, -1, -1)
        times = torch.tensor(self.times, device=self.low.device)
        embedded = self.denoiser.embed(times.expand(self.members, -1))

        def predict(x: Tensor, i: int) -> Tensor:
            return self.denoiser(torch.cat([x, condition], dim=-1), embedded[:, i:i + 1])

        start = self.start(observation).expand(self.members, condition.shape[1], -1)
        return self.action_normalizer.denormalize(
            self.apart(self.solver(predict, start, self.low, self.high)))

    def apart(self, actions: Tensor) -> Tensor:
        """Return actions side by side [..., H * A] as [..., H, A]; a single one as it is."""
        length = self.chunk.length
        return actions if length == 1 else actions.unflatten(-1, (length, self.action_size))

    def deployed(self) -> nn.Module:
        """Return all steps and both normalisers as plain layers (K = 1)."""
        return _Deployed(self)


class NoiseStage(Stage):
    """Minimise the error of what the network predicts, given the observation."""

    name = 'policy'

    def __init__(self, policy: NoisePolicy):
        self.policy = policy
        self.module = policy.denoiser
        self.config = policy.config.optimization

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw the levels and the noise."""
        return {'t': draw_steps(random, 0, self.policy.levels, steps, batch),
                'noise': random.normal(steps, batch, self.module.size),
                **drawn_noise(self.policy.config.observation_noise, random, steps, batch,
                              self.policy.observation_size)}

    def loss(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """Return the mean square error of the prediction [K]."""
        noisy, target = self.policy.noised(batch.action, draws['t'], draws['noise'])
        condition = with_noise(batch.observation, draws, self.policy.config.observation_noise)
        condition = condition.expand(self.policy.members, -1, -1)
        predicted = self.module(torch.cat([noisy, condition], dim=-1),
                                self.module.embed(draws['t']))
        return {'loss': (predicted - target).square().mean((1, 2))}

    def score(self, batch: Batch) -> Tensor:
        """Return the same on held-out pairs under draws that are the same every time [K]."""
        batch = Batch(batch.observation.repeat(1, _SCORE_DRAWS, 1),
                      batch.action.repeat(1, _SCORE_DRAWS, 1))
        random = MemberRandom((0,) * self.policy.members, 'policy validation')
        draws = {name: draw[:, 0].to(batch.device)
                 for name, draw in self.draw(random, 1, batch.count).items()
                 if name != OBSERVATION_NOISE}
        return self.loss(batch, draws)['loss']


class _Deployed(nn.Module):
    """The unrolled steps."""

    def __init__(self, policy: NoisePolicy):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.action_normalizer = policy.action_normalizer
        self.start, self.solver, self.apart = policy.start, policy.solver, policy.apart
        self.steps = UnrolledDenoiser(policy.denoiser, policy.times)
        self.register_buffer('low', policy.low)
        self.register_buffer('high', policy.high)

    def forward(self, observation: Tensor) -> Tensor:
        condition = self.steps.condition(self.observation_normalizer.normalize(observation))
        start = self.start(observation).expand(observation.shape[0], -1)
        return self.action_normalizer.denormalize(self.apart(self.solver(
            lambda x, i: self.steps(x, condition, i), start, self.low, self.high)))
