"""Diffusion Policy (Chi et al., RSS 2023) in its form for state vectors: actions out of noise.

A network learns to predict the noise in a noisy action, given the observation (DDPM, T = 100). The
policy begins with noise and removes it in a few DDIM steps.

One action per observation: there are no chunks, so the horizon of prediction and the number of
executed actions are both 1. The runner asks for a command at every tick and limits, judges and
stops each; a chunk that is executed blindly has no place in it.

The noise that an action begins with is pseudo-random: it is computed from the observation and
`noise_seed`. So the policy samples as published, and still is a function of the observation that
can be exported whole. Noise that is drawn once (`start='fixed'`) always picks the same quantile of
the learnt actions; `noise_scale` 0 picks the middle, which leaves the polluted tails out.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from adapt_learning.diffusion.ddim import ddim, ddim_times
from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.loss import draw_steps
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig
from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.stacked.config import NormalizationConfig, OptimizationConfig, one_of
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.stage import Draws, Stage

_VALIDATION_DRAWS = 4


@dataclass(frozen=True)
class DiffusionPolicyConfig:
    """Settings of the diffusion policy."""

    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(kind='squaredcos_cap_v2', steps=100))
    network: DenoiserConfig = field(
        default_factory=lambda: DenoiserConfig(width=256, depth=3, embedding='sinusoidal'))
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    normalization: NormalizationConfig = field(default_factory=NormalizationConfig)
    inference_steps: int = 10
    """DDIM steps of one action."""
    noise_scale: float = 1.0
    """The noise an action begins with is multiplied by this; 0 begins in the middle."""
    noise_seed: int = 0
    start: str = 'observation'
    """Where an action begins: noise by observation, or the same noise for all (fixed)."""
    action_limit: float = 1.0
    """Largest magnitude of a raw action."""
    action_reach: float = 10.0
    """Actions stay within so many std of the mean of the demonstrated ones."""

    def __post_init__(self):
        ddim_times(self.schedule.steps, self.inference_steps)
        one_of('start', self.start, ('observation', 'fixed'))
        if self.noise_scale < 0 or self.action_limit <= 0 or self.action_reach <= 0:
            raise SettingError(
                'noise_scale is not negative, action_limit and action_reach are above 0; got '
                f'{self.noise_scale}, {self.action_limit} and {self.action_reach}')


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
        kind = ObservationNoise if config.start == 'observation' else FixedNoise
        self.start = kind(config, observation_size, action_size)
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
        embedded = self.embedded()

        def predict(x: Tensor, i: int) -> Tensor:
            return self.denoiser(torch.cat([x, condition], dim=-1), embedded[:, i:i + 1])

        start = self.start(observation).expand(self.members, condition.shape[1], -1)
        action = ddim(predict, self.schedule, self.times, start, self.low, self.high)
        return self.action_normalizer.denormalize(action)

    @property
    def times(self) -> tuple[int, ...]:
        """Return the noising steps that inference visits."""
        return ddim_times(self.config.schedule.steps, self.config.inference_steps)

    def embedded(self) -> Tensor:
        """Return the embeddings of `times`, [K, steps, depth * width]."""
        times = torch.tensor(self.times, device=self.low.device)
        return self.denoiser.embed(times.expand(self.members, -1))

    def deployed(self) -> nn.Module:
        """Return all DDIM steps and both normalisers as plain layers (K = 1)."""
        return _Deployed(self)


class FixedNoise(nn.Module):
    """The same noise for every observation: [..., S] -> [A]."""

    def __init__(self, config: DiffusionPolicyConfig, observation_size: int, action_size: int):
        super().__init__()
        generator = torch.Generator().manual_seed(config.noise_seed)
        self.register_buffer('noise', config.noise_scale * torch.randn(
            action_size, generator=generator), persistent=False)

    def forward(self, observation: Tensor) -> Tensor:
        """Return the noise."""
        return self.noise


class ObservationNoise(nn.Module):
    """
    Noise that is a hash of the raw observation: [..., S] -> [..., A], standard normal.

    All of it but the last line is arithmetic with whole numbers, so that torch and onnxruntime
    agree; neighbouring observations get unrelated noise.
    """

    PRIME = 2 ** 31 - 1
    """Products of two residues fit into int64."""

    def __init__(self, config: DiffusionPolicyConfig, observation_size: int, action_size: int):
        super().__init__()
        generator = torch.Generator().manual_seed(config.noise_seed)
        self.scale = config.noise_scale
        for name, size in (('weight', observation_size), ('multiplier', 2 * action_size),
                           ('offset', 2 * action_size)):
            self.register_buffer(name, torch.randint(1, self.PRIME, (size,), generator=generator),
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
        batch = Batch(batch.observation.repeat(1, _VALIDATION_DRAWS, 1),
                      batch.action.repeat(1, _VALIDATION_DRAWS, 1))
        random = MemberRandom((0,) * self.policy.members, 'policy validation')
        draws = {name: draw[:, 0].to(batch.device)
                 for name, draw in self.draw(random, 1, batch.count).items()}
        return self.loss(batch, draws)['loss']


class _Deployed(nn.Module):
    """The unrolled steps; what depends on the step alone is a constant of the module."""

    def __init__(self, policy: DiffusionPolicy):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.action_normalizer = policy.action_normalizer
        self.schedule, self.times = policy.schedule, policy.times
        self.start = policy.start
        denoiser = policy.denoiser
        self.activation = denoiser.activation
        size = policy.action_size
        with torch.no_grad():
            first, *others = (layer.weight[0].clone() for layer in denoiser.layers)
            offsets = policy.embedded()[0].clone().unflatten(-1, (len(denoiser.layers), -1))
            self.count = len(others)
            for name, tensor in {
                    'of_action': first[:size], 'of_observation': first[size:], 'offset': offsets,
                    'head': denoiser.head.weight[0].clone(),
                    'head_bias': denoiser.head.bias[0].clone(),
                    'low': policy.low, 'high': policy.high,
                    **{f'weight{i}': weight for i, weight in enumerate(others)}}.items():
                self.register_buffer(name, tensor)

    def forward(self, observation: Tensor) -> Tensor:
        # The observation is the same at every step: what it adds to the first layer is made once.
        condition = self.observation_normalizer.normalize(observation) @ self.of_observation

        def predict(x: Tensor, i: int) -> Tensor:
            h = self.activation(x @ self.of_action + condition + self.offset[i, 0])
            for j in range(self.count):
                h = self.activation(h @ getattr(self, f'weight{j}') + self.offset[i, j + 1])
            return h @ self.head + self.head_bias

        start = self.start(observation).expand(observation.shape[0], -1)
        action = ddim(predict, self.schedule, self.times, start, self.low, self.high)
        return self.action_normalizer.denormalize(action)
