"""Behavioural cloning (dissertation eq. 3.1): regress the expert's action.

A deterministic network maps the normalised observation to the normalised action and minimises the
distance to the action that the expert took.
"""

from dataclasses import dataclass, field

from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.policies.observation_noise import drawn_noise, with_noise
from adapt_learning.stacked.config import NormalizationConfig, OptimizationConfig, one_of
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import MLPConfig, StackedMLP
from adapt_learning.stacked.stage import Draws, Stage


@dataclass(frozen=True)
class BehavioralCloningConfig:
    """Settings of BC."""

    network: MLPConfig = field(default_factory=MLPConfig)
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    normalization: NormalizationConfig = field(default_factory=NormalizationConfig)
    distance: str = 'mse'
    """d of eq. 3.1: mse (as published) or huber."""
    huber_delta: float = 0.5
    """Where huber turns from square to straight [normalised action]."""
    observation_noise: float = 0.0
    """Std of Gaussian noise on the normalised observation while training."""

    def __post_init__(self):
        one_of('distance', self.distance, ('mse', 'huber'))
        if self.huber_delta <= 0 or self.observation_noise < 0:
            raise SettingError('huber_delta is above 0 and observation_noise not negative; got '
                               f'{self.huber_delta} and {self.observation_noise}')


class BehavioralCloning(Policy):
    """K policies trained by eq. 3.1."""

    Config = BehavioralCloningConfig

    def __init__(self, config: BehavioralCloningConfig, observation_size: int, action_size: int,
                 normalizers: Normalizers, seeds: tuple[int, ...]):
        super().__init__(config, observation_size, action_size, normalizers, seeds)
        self.network = StackedMLP(config.network, observation_size, action_size,
                                  MemberRandom(seeds, 'policy weights'))

    def stages(self) -> tuple[Stage, ...]:
        """Return the only stage."""
        return (CloningStage(self),)

    def act_members(self, observation: Tensor) -> Tensor:
        """Return the action of every member, [K, B, A], for raw observations [K or 1, B, S]."""
        y = self.network(self.observation_normalizer.normalize(observation))
        return self.action_normalizer.denormalize(y)

    def deployed(self) -> nn.Module:
        """Return the policy as plain layers with both normalisers (K = 1)."""
        return _Deployed(self)


class CloningStage(Stage):
    """Minimise L_BC."""

    name = 'policy'

    def __init__(self, policy: BehavioralCloning):
        self.policy = policy
        self.module = policy.network
        self.config = policy.config.optimization

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw the observation noise and the dropout masks, where they are used."""
        draws = drawn_noise(self.policy.config.observation_noise, random, steps, batch,
                            self.policy.observation_size)
        dropped = self.module.draw_dropout(random, steps, batch)
        return draws if dropped is None else {**draws, 'dropped': dropped}

    def loss(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """Return L_BC of the members."""
        loss = self.distance(self.predict(batch, draws), batch.action)
        return {'loss': loss}

    def predict(self, batch: Batch, draws: Draws) -> Tensor:
        """Return the normalised actions that the members choose, [K, B, A]."""
        observation = with_noise(batch.observation, draws, self.policy.config.observation_noise)
        return self.module(observation, draws.get('dropped'))

    def distance(self, chosen: Tensor, expert: Tensor) -> Tensor:
        """Return d(a, a_hat) averaged over batch and elements, [K]."""
        if self.policy.config.distance == 'mse':
            return (chosen - expert).square().mean((1, 2))
        return nn.functional.huber_loss(chosen, expert.expand_as(chosen), reduction='none',
                                        delta=self.policy.config.huber_delta).mean((1, 2))

    def score(self, batch: Batch) -> Tensor:
        """Return the mean square error on held-out pairs [K]."""
        return (self.module(batch.observation) - batch.action).square().mean((1, 2))


class _Deployed(nn.Module):
    def __init__(self, policy: BehavioralCloning):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.network = policy.network.unstacked()
        self.action_normalizer = policy.action_normalizer

    def forward(self, observation: Tensor) -> Tensor:
        y = self.network(self.observation_normalizer.normalize(observation))
        return self.action_normalizer.denormalize(y)
