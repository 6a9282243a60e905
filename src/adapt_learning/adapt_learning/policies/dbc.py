"""Diffusion behavioural cloning (dissertation eq. 3.1-3.6).

First a diffusion model learns the joint distribution of expert states and actions (eq. 3.2). Then
the policy learns by L_BC + lambda L_DM, where L_DM asks the frozen diffusion model whether the
pair (state, chosen action) looks expert.

Where the text and the published code differ, the text is the default and the other an option:

- `max_on`: eq. 3.5 takes max(agent - expert, 0) of every pair and then the mean ('sample'); the
  published code takes the means over the batch first ('batch'), so that pairs which the agent
  does better than the expert make up for others.
- `expert_term`: the published code has a switch that leaves L_diff^expert out (eq. 3.3 alone).
- `draws`: eq. 3.3 and 3.4 are expectations over (t, noise). The published code estimates them by
  one draw per pair and update; more draws are averaged before the max.
- The published code draws t over all steps; `t_low`, `t_high` narrow the range.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.likeness import FixedDrawScore, LikenessConfig
from adapt_learning.diffusion.loss import draw_steps, noise_prediction_error
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig
from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch, Normalizers
from adapt_learning.policies.bc import (
    BehavioralCloning,
    BehavioralCloningConfig,
    CloningStage,
)
from adapt_learning.stacked.config import OptimizationConfig, one_of
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.stage import Draws, Stage

_VALIDATION_DRAWS = 4


@dataclass(frozen=True)
class DiffusionModelConfig:
    """Settings of the diffusion model of expert pairs."""

    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    network: DenoiserConfig = field(default_factory=DenoiserConfig)
    optimization: OptimizationConfig = field(
        default_factory=lambda: OptimizationConfig(steps=20_000, gradient_clip=0.5))
    antithetic: bool = True
    """The second half of a batch gets the mirrored steps of the first half, as published."""


@dataclass(frozen=True)
class DiffusionBehavioralCloningConfig(BehavioralCloningConfig):
    """Settings of DBC; those of BC hold for its policy network."""

    diffusion: DiffusionModelConfig = field(default_factory=DiffusionModelConfig)
    lambda_dm: float = 0.1
    """lambda of eq. 3.6."""
    max_on: str = 'sample'
    """sample (text, eq. 3.5) or batch (published code)."""
    expert_term: bool = True
    """Whether L_diff^expert is subtracted (eq. 3.5) or left out."""
    draws: int = 1
    """(t, noise) draws per pair and update."""
    t_low: int = 0
    """Smallest noising step of L_DM."""
    t_high: int | None = None
    """Noising steps of L_DM stay below this; None: T."""
    likeness: LikenessConfig = field(default_factory=LikenessConfig)

    def __post_init__(self):
        super().__post_init__()
        one_of('max_on', self.max_on, ('sample', 'batch'))
        if self.lambda_dm < 0 or self.draws < 1:
            raise SettingError('lambda_dm is not negative and draws at least 1; got '
                               f'{self.lambda_dm} and {self.draws}')
        steps = self.diffusion.schedule.steps
        if not 0 <= self.t_low < self.t_stop <= steps:
            raise SettingError(f't_low < t_high lie in 0..{steps}; got {self.t_low} and '
                               f'{self.t_high}')

    @property
    def t_stop(self) -> int:
        """Return the step that t stays below."""
        return self.diffusion.schedule.steps if self.t_high is None else self.t_high


class DiffusionBehavioralCloning(BehavioralCloning):
    """K policies and K diffusion models; member k of the one learns from member k of the other."""

    Config = DiffusionBehavioralCloningConfig

    def __init__(self, config: DiffusionBehavioralCloningConfig, observation_size: int,
                 action_size: int, normalizers: Normalizers, seeds: tuple[int, ...]):
        super().__init__(config, observation_size, action_size, normalizers, seeds)
        self.schedule = NoiseSchedule(config.diffusion.schedule)
        self.denoiser = Denoiser(
            config.diffusion.network, observation_size + action_size,
            config.diffusion.schedule.steps, MemberRandom(seeds, 'diffusion weights'))

    def stages(self) -> tuple[Stage, ...]:
        """Return the diffusion model's stage and the policy's."""
        return (DiffusionStage(self), GuidedStage(self))

    def likeness(self) -> nn.Module:
        """Return the expert-likeness score of raw pairs (K = 1)."""
        return _Likeness(self)


class DiffusionStage(Stage):
    """Minimise eq. 3.2 on expert pairs."""

    name = 'diffusion'

    def __init__(self, policy: DiffusionBehavioralCloning):
        self.policy = policy
        self.module = policy.denoiser
        self.config = policy.config.diffusion.optimization

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw the noising steps and the noise."""
        return {
            't': draw_steps(random, 0, self.policy.schedule.steps, steps, batch,
                            antithetic=self.policy.config.diffusion.antithetic),
            'noise': random.normal(steps, batch, self.module.size),
        }

    def loss(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """Return L_diff of the members."""
        error = noise_prediction_error(self.module, self.policy.schedule, joined(batch),
                                       draws['t'], draws['noise'])
        return {'loss': error.mean(-1)}

    def score(self, batch: Batch) -> Tensor:
        """Return L_diff on held-out pairs under draws that are the same every time [K]."""
        pair = joined(batch).expand(self.policy.members, -1, -1)
        pair = pair.repeat(1, _VALIDATION_DRAWS, 1)
        random = MemberRandom((0,) * self.policy.members, 'diffusion validation')
        t = draw_steps(random, 0, self.policy.schedule.steps, pair.shape[1], antithetic=True)
        noise = random.normal(*pair.shape[1:])
        return noise_prediction_error(self.module, self.policy.schedule, pair,
                                      t.to(pair.device), noise.to(pair.device)).mean(-1)


class GuidedStage(CloningStage):
    """Minimise eq. 3.6: L_BC + lambda L_DM."""

    def begin(self, dtype: torch.dtype) -> None:
        """Freeze a copy of the diffusion model in the precision of the matmuls."""
        self.frozen = self.policy.denoiser.frozen(dtype)

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw what BC draws, and (t, noise) that agent and expert share."""
        config = self.policy.config
        return {
            **super().draw(random, steps, batch),
            't': random.integers(config.t_low, config.t_stop, steps, config.draws * batch),
            'noise': random.normal(steps, config.draws * batch, self.frozen.size),
        }

    def loss(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """Return L_total and its parts."""
        config = self.policy.config
        chosen = self.predict(batch, draws)
        cloning = self.distance(chosen, batch.action)
        with torch.no_grad():
            embedded = self.frozen.embed(draws['t'])
            expert = self._error(
                batch.observation, batch.action, draws, embedded) if config.expert_term else None
        agent = self._error(batch.observation, chosen, draws, embedded)
        guiding = diffusion_model_loss(agent, expert, config.max_on)
        return {'loss': cloning + config.lambda_dm * guiding, 'bc': cloning, 'dm': guiding}

    def _error(self, observation: Tensor, action: Tensor, draws: Draws,
               embedded: Tensor) -> Tensor:
        """Return L_diff of every pair, [K, B]: the mean over the draws of (t, noise)."""
        repeats = self.policy.config.draws
        pair = torch.cat([observation.expand(action.shape[0], -1, -1), action], dim=-1)
        error = noise_prediction_error(self.frozen, self.policy.schedule,
                                       pair.repeat(1, repeats, 1), draws['t'], draws['noise'],
                                       embedded)
        return error.unflatten(1, (repeats, -1)).mean(1)


def diffusion_model_loss(agent: Tensor, expert: Tensor | None, max_on: str = 'sample') -> Tensor:
    """
    Return L_DM of the members, [K] (dissertation eq. 3.5).

    agent and expert [K, B] are L_diff of (s, a_hat) and of (s, a) under the same draws; without
    expert it is the mean of eq. 3.3. `max_on`: 'sample' as in the text, 'batch' as published.
    """
    if expert is None:
        return agent.mean(-1)
    if max_on == 'batch':
        return (agent.mean(-1) - expert.mean(-1)).clamp_min(0)
    return (agent - expert).clamp_min(0).mean(-1)


def joined(batch: Batch) -> Tensor:
    """Return state and action as one vector, [K or 1, B, S + A]."""
    return torch.cat([batch.observation, batch.action], dim=-1)


class _Likeness(nn.Module):
    def __init__(self, policy: DiffusionBehavioralCloning):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.action_normalizer = policy.action_normalizer
        self.score = FixedDrawScore(policy.config.likeness, policy.denoiser, policy.schedule)

    def forward(self, observation: Tensor, action: Tensor) -> Tensor:
        pair = torch.cat([self.observation_normalizer.normalize(observation),
                          self.action_normalizer.normalize(action)], dim=-1)
        return self.score(pair)
