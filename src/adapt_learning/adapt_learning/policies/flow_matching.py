"""
Flow matching (Lipman et al., ICLR 2023) for actions: noise flows to an action on straight lines.

x_tau = (1 - tau) x_0 + tau a goes from noise x_0 (tau 0) to the demonstrated action a (tau 1). A
network learns the velocity a - x_0 at x_tau, given the observation; to act, the policy follows it
from noise in a few Euler steps. The lines are straight, so few steps suffice.

One action per observation and noise by observation, as in `diffusion_policy` and for its reasons.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.loss import draw_steps
from adapt_learning.diffusion.unrolled import UnrolledDenoiser
from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch, Normalizers, Policy, score_by_draws
from adapt_learning.policies.start_noise import StartConfig, start_noise
from adapt_learning.stacked.config import NormalizationConfig, OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.stage import Draws, Stage


@dataclass(frozen=True)
class FlowMatchingConfig(StartConfig):
    """Settings of flow matching."""

    resolution: int = 100
    """tau is one of 0, 1/resolution, ..., 1 - 1/resolution."""
    network: DenoiserConfig = field(
        default_factory=lambda: DenoiserConfig(width=256, depth=3, embedding='sinusoidal'))
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    normalization: NormalizationConfig = field(default_factory=NormalizationConfig)
    inference_steps: int = 5
    """Euler steps of one action."""

    def __post_init__(self):
        super().__post_init__()
        if not 1 <= self.inference_steps <= self.resolution:
            raise SettingError('inference_steps lies in 1..resolution; got '
                               f'{self.inference_steps} and a resolution of {self.resolution}')


class FlowMatching(Policy):
    """K conditional velocity fields of actions."""

    Config = FlowMatchingConfig

    def __init__(self, config: FlowMatchingConfig, observation_size: int, action_size: int,
                 normalizers: Normalizers, seeds: tuple[int, ...]):
        super().__init__(config, observation_size, action_size, normalizers, seeds)
        self.velocity = Denoiser(
            config.network, action_size, config.resolution,
            MemberRandom(seeds, 'flow weights'), condition_size=observation_size)
        self.start = start_noise(config, observation_size, action_size)
        low, high = self.action_box(config.action_limit, config.action_reach)
        for name, value in (('low', low), ('high', high)):
            self.register_buffer(name, value, persistent=False)

    def stages(self) -> tuple[Stage, ...]:
        """Return the only stage."""
        return (FlowStage(self),)

    @property
    def times(self) -> tuple[int, ...]:
        """Return tau * resolution at the begin of every Euler step, rising from 0."""
        steps = self.config.inference_steps
        return tuple(round(self.config.resolution * i / steps) for i in range(steps))

    @property
    def lengths(self) -> tuple[float, ...]:
        """Return how far tau goes in every Euler step; together 1."""
        ends = (*self.times[1:], self.config.resolution)
        return tuple((b - a) / self.config.resolution
                     for a, b in zip(self.times, ends, strict=True))

    def act_members(self, observation: Tensor) -> Tensor:
        """Return the action of every member, [K, B, A], for raw observations [K or 1, B, S]."""
        condition = self.observation_normalizer.normalize(observation)
        condition = condition.expand(self.members, -1, -1)
        times = torch.tensor(self.times, device=self.low.device)
        embedded = self.velocity.embed(times.expand(self.members, -1))
        x = self.start(observation).expand(self.members, condition.shape[1], -1)
        for i, length in enumerate(self.lengths):
            x = x + length * self.velocity(torch.cat([x, condition], dim=-1),
                                           embedded[:, i:i + 1])
        return self.action_normalizer.denormalize(_within(x, self.low, self.high))

    def deployed(self) -> nn.Module:
        """Return all Euler steps and both normalisers as plain layers (K = 1)."""
        return _Deployed(self)


class FlowStage(Stage):
    """Minimise the error of the velocity, given the observation."""

    name = 'policy'

    def __init__(self, policy: FlowMatching):
        self.policy = policy
        self.module = policy.velocity
        self.config = policy.config.optimization

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw tau * resolution and the noise."""
        return {'t': draw_steps(random, 0, self.policy.config.resolution, steps, batch),
                'noise': random.normal(steps, batch, self.policy.action_size)}

    def loss(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """Return the mean square error of the velocity [K]."""
        t, noise = draws['t'], draws['noise']
        tau = (t / self.policy.config.resolution)[..., None]
        x = (1 - tau) * noise + tau * batch.action
        condition = batch.observation.expand(self.policy.members, -1, -1)
        predicted = self.module(torch.cat([x, condition], dim=-1), self.module.embed(t))
        return {'loss': (predicted - (batch.action - noise)).square().mean((1, 2))}

    def score(self, batch: Batch) -> Tensor:
        """Return the same on held-out pairs under draws that are the same every time [K]."""
        return score_by_draws(self, batch, self.policy.members)


class _Deployed(nn.Module):
    """The unrolled Euler steps."""

    def __init__(self, policy: FlowMatching):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.action_normalizer = policy.action_normalizer
        self.start, self.lengths = policy.start, policy.lengths
        self.steps = UnrolledDenoiser(policy.velocity, policy.times)
        self.register_buffer('low', policy.low)
        self.register_buffer('high', policy.high)

    def forward(self, observation: Tensor) -> Tensor:
        condition = self.steps.condition(self.observation_normalizer.normalize(observation))
        x = self.start(observation).expand(observation.shape[0], -1)
        for i, length in enumerate(self.lengths):
            x = x + length * self.steps(x, condition, i)
        return self.action_normalizer.denormalize(_within(x, self.low, self.high))


def _within(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return torch.minimum(torch.maximum(x, low), high)
