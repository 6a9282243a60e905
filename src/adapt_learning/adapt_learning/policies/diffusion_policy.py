"""Diffusion Policy (Chi et al., RSS 2023) in its form for state vectors: actions out of noise.

A network learns to predict the noise in a noisy action, given the observation (DDPM, T = 100). The
policy begins with noise and removes it in a few DDIM steps.

One action per observation: there are no chunks, so the horizon of prediction and the number of
executed actions are both 1. The runner asks for a command at every tick and limits, judges and
stops each; a chunk that is executed blindly has no place in it.

The noise that an action begins with is computed from the observation (`start_noise`).
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from adapt_learning.diffusion.ddim import ddim, ddim_times
from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.loss import draw_steps
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig
from adapt_learning.diffusion.unrolled import UnrolledDenoiser
from adapt_learning.policies.base import Batch, Normalizers, Policy, score_by_draws
from adapt_learning.policies.start_noise import StartConfig, start_noise
from adapt_learning.stacked.config import NormalizationConfig, OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.stage import Draws, Stage


@dataclass(frozen=True)
class DiffusionPolicyConfig(StartConfig):
    """Settings of the diffusion policy."""

    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(kind='squaredcos_cap_v2', steps=100))
    network: DenoiserConfig = field(
        default_factory=lambda: DenoiserConfig(width=256, depth=3, embedding='sinusoidal'))
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    normalization: NormalizationConfig = field(default_factory=NormalizationConfig)
    inference_steps: int = 10
    """DDIM steps of one action."""

    def __post_init__(self):
        super().__post_init__()
        ddim_times(self.schedule.steps, self.inference_steps)


class DiffusionPolicy(Policy):
    """K conditional diffusion models of actions."""

    Config = DiffusionPolicyConfig

    def __init__(self, config: DiffusionPolicyConfig, observation_size: int, action_size: int,
                 normalizers: Normalizers, seeds: tuple[int, ...]):
        super().__init__(config, observation_size, action_size, normalizers, seeds)
        self.schedule = NoiseSchedule(config.schedule)
        self.denoiser = Denoiser(
            config.network, action_size, config.schedule.steps,
            MemberRandom(seeds, 'diffusion weights'), condition_size=observation_size)
        self.start = start_noise(config, observation_size, action_size)
        low, high = self.action_box(config.action_limit, config.action_reach)
        for name, value in (('low', low), ('high', high)):
            self.register_buffer(name, value, persistent=False)

    def stages(self) -> tuple[Stage, ...]:
        """Return the only stage."""
        return (DenoisingStage(self),)

    def act_members(self, observation: Tensor) -> Tensor:
        """Return the action of every member, [K, B, A], for raw observations [K or 1, B, S]."""
        condition = self.observation_normalizer.normalize(observation)
        condition = condition.expand(self.members, -1, -1)
        times = torch.tensor(self.times, device=self.low.device)
        embedded = self.denoiser.embed(times.expand(self.members, -1))

        def predict(x: Tensor, i: int) -> Tensor:
            return self.denoiser(torch.cat([x, condition], dim=-1), embedded[:, i:i + 1])

        start = self.start(observation).expand(self.members, condition.shape[1], -1)
        action = ddim(predict, self.schedule, self.times, start, self.low, self.high)
        return self.action_normalizer.denormalize(action)

    @property
    def times(self) -> tuple[int, ...]:
        """Return the noising steps that inference visits."""
        return ddim_times(self.config.schedule.steps, self.config.inference_steps)

    def deployed(self) -> nn.Module:
        """Return all DDIM steps and both normalisers as plain layers (K = 1)."""
        return _Deployed(self)


class DenoisingStage(Stage):
    """Minimise the error of the predicted noise, given the observation."""

    name = 'policy'

    def __init__(self, policy: DiffusionPolicy):
        self.policy = policy
        self.module = policy.denoiser
        self.config = policy.config.optimization

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw the noising steps and the noise."""
        return {'t': draw_steps(random, 0, self.policy.schedule.steps, steps, batch),
                'noise': random.normal(steps, batch, self.policy.action_size)}

    def loss(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """Return the mean square error of the predicted noise [K]."""
        t, noise = draws['t'], draws['noise']
        noisy = self.policy.schedule.noisy(batch.action, t, noise)
        condition = batch.observation.expand(self.policy.members, -1, -1)
        predicted = self.module(torch.cat([noisy, condition], dim=-1), self.module.embed(t))
        return {'loss': (predicted - noise).square().mean((1, 2))}

    def score(self, batch: Batch) -> Tensor:
        """Return the same on held-out pairs under draws that are the same every time [K]."""
        return score_by_draws(self, batch, self.policy.members)


class _Deployed(nn.Module):
    """The unrolled steps."""

    def __init__(self, policy: DiffusionPolicy):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.action_normalizer = policy.action_normalizer
        self.schedule, self.times = policy.schedule, policy.times
        self.start = policy.start
        self.steps = UnrolledDenoiser(policy.denoiser, policy.times)
        self.register_buffer('low', policy.low)
        self.register_buffer('high', policy.high)

    def forward(self, observation: Tensor) -> Tensor:
        condition = self.steps.condition(self.observation_normalizer.normalize(observation))
        start = self.start(observation).expand(observation.shape[0], -1)
        action = ddim(lambda x, i: self.steps(x, condition, i), self.schedule, self.times, start,
                      self.low, self.high)
        return self.action_normalizer.denormalize(action)
