"""Behavioural cloning from noisy demonstrations, BCND (Sasaki & Yamashina, ICLR 2021).

M Gaussian policies learn by -log pi(a|s) * R(s, a), with R = 1 at first. Then the ensemble is
learnt again from the beginning, with R(s, a) = pi_old(a|s), the density that the last ensemble
gives the pair, and so on: what most of the data agree on counts more in every iteration, and pairs
that no network expects count for nothing.

What needs care:

- `std`: a density can only be compared between states if its spread cannot shrink to nothing where
  actions are easy to predict. Each network has one learnt standard deviation per action element
  ('shared', as published), or one that depends on the state ('state'); `std_floor` bounds both.
- R is taken in log space and divided by its mean over the data, so that the learning rate means
  the same in every iteration.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.policies.ensemble_bc import (
    by_network,
    check_networks,
    dealt,
    draws_by_network,
)
from adapt_learning.stacked.config import NormalizationConfig, OptimizationConfig, one_of
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import MLPConfig, StackedMLP
from adapt_learning.stacked.stage import Draws, Samples, Stage

_CHUNK = 8192
_LARGEST_LOG_STD = 2.0


@dataclass(frozen=True)
class NoisyDemonstrationsCloningConfig:
    """Settings of BCND."""

    network: MLPConfig = field(default_factory=MLPConfig)
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    """Of one iteration."""
    normalization: NormalizationConfig = field(default_factory=NormalizationConfig)
    networks: int = 5
    """M, policies of one ensemble."""
    iterations: int = 5
    """How often the ensemble is learnt; 1 is an ensemble of Gaussian BC."""
    disjoint: bool = True
    """Each policy learns from its own part of the pairs, as published; false: from all."""
    std: str = 'shared'
    """shared or state, see above."""
    std_floor: float = 0.1
    """Smallest standard deviation of a policy [normalised action]."""

    def __post_init__(self):
        check_networks(self.networks)
        one_of('std', self.std, ('shared', 'state'))
        if self.iterations < 1 or not 0 < self.std_floor <= 1:
            raise SettingError('iterations are at least 1 and std_floor lies in 0..1 (without 0); '
                               f'got {self.iterations} and {self.std_floor}')


@dataclass(frozen=True)
class WeightedBatch(Batch):
    """Pairs dealt to the networks, [K or 1, B, M, ...], with what each of them counts."""

    weight: Tensor
    """R(s, a), float32 [K or 1, B, M]; its mean over all pairs is 1."""


class NoisyDemonstrationsCloning(Policy):
    """K ensembles of M Gaussian policies; each acts by the mean of their means."""

    Config = NoisyDemonstrationsCloningConfig

    def __init__(self, config: NoisyDemonstrationsCloningConfig, observation_size: int,
                 action_size: int, normalizers: Normalizers, seeds: tuple[int, ...]):
        super().__init__(config, observation_size, action_size, normalizers, seeds)
        # Two ensembles take turns: the one that learns, and the one that says what counts. The
        # turns are dealt so that the last one to learn is `ensemble`.
        self.ensemble = self.fresh('ensemble')
        self.prior = self.fresh('prior')

    def fresh(self, stream: str) -> 'GaussianNetworks':
        """Return an ensemble that has learnt nothing yet."""
        return GaussianNetworks(self.config, self.observation_size, self.action_size,
                                MemberRandom(self.seeds, stream, self.config.networks))

    def stages(self) -> tuple[Stage, ...]:
        """Return one stage per iteration."""
        return tuple(IterationStage(self, i) for i in range(self.config.iterations))

    def act_members(self, observation: Tensor) -> Tensor:
        """Return the action of every member, [K, B, A], for raw observations [K or 1, B, S]."""
        y = self.choose(self.ensemble, self.observation_normalizer.normalize(observation))
        return self.action_normalizer.denormalize(y)

    def choose(self, ensemble: 'GaussianNetworks', observation: Tensor) -> Tensor:
        """Return the normalised mean actions of an ensemble, [K, B, A]."""
        mean, _ = ensemble(self._for_networks(observation))
        return mean.unflatten(0, (self.members, -1)).mean(1)

    def log_density(self, ensemble: 'GaussianNetworks', batch: Batch) -> Tensor:
        """Return log pi(a|s) of an ensemble, the mean of its policies' densities, [K, B]."""
        mean, log_std = ensemble(self._for_networks(batch.observation))
        each = gaussian_log_density(self._for_networks(batch.action), mean, log_std)
        each = each.unflatten(0, (self.members, -1))
        return each.logsumexp(1) - torch.tensor(float(self.config.networks)).log()

    def _for_networks(self, x: Tensor) -> Tensor:
        return x if x.shape[0] == 1 else x.repeat_interleave(self.config.networks, 0)

    def deployed(self) -> nn.Module:
        """Return the ensemble as one module with both normalisers (K = 1)."""
        return _Deployed(self)


class GaussianNetworks(nn.Module):
    """K * M Gaussian policies: observation -> mean and log std of the action, all normalised."""

    def __init__(self, config: NoisyDemonstrationsCloningConfig, observation_size: int,
                 action_size: int, random: MemberRandom):
        super().__init__()
        self.floor = torch.tensor(config.std_floor).log().item()
        by_state = config.std == 'state'
        self.network = StackedMLP(config.network, observation_size,
                                  action_size * (2 if by_state else 1), random)
        rows = len(random.generators)
        self.log_std = None if by_state else nn.Parameter(torch.zeros(rows, 1, action_size))

    def forward(self, observation: Tensor, dropped: Tensor | None = None
                ) -> tuple[Tensor, Tensor]:
        """Return (mean [K * M, B, A], log std [K * M, B or 1, A]) for [K * M or 1, B, S]."""
        mean = self.network(observation, dropped)
        if self.log_std is None:
            mean, log_std = mean.chunk(2, -1)
        else:
            log_std = self.log_std.float()
        return mean, log_std.clamp(self.floor, _LARGEST_LOG_STD)


class IterationStage(Stage):
    """Learn an ensemble from the beginning, with the weights that the last one gives the pairs."""

    def __init__(self, policy: NoisyDemonstrationsCloning, iteration: int):
        self.policy = policy
        self.iteration = iteration
        self.name = f'iteration_{iteration + 1}'
        self.config = policy.config.optimization
        turn = (policy.config.iterations - 1 - iteration) % 2
        self.module, self.previous = ((policy.ensemble, policy.prior) if turn == 0
                                      else (policy.prior, policy.ensemble))

    def begin(self, dtype: torch.dtype) -> None:
        """Forget what this ensemble learnt two iterations ago."""
        fresh = self.policy.fresh(f'policy weights of {self.name}')
        with torch.no_grad():
            for old, new in zip(self.module.parameters(), fresh.parameters(), strict=True):
                old.copy_(new)

    def samples(self, training: Samples) -> Samples:
        """Return the pairs with their weights, dealt to the networks."""
        config = self.policy.config
        weighted = WeightedBatch(training.observation, training.action, self.weights(training))
        return dealt(weighted, config.networks, config.disjoint)

    @torch.no_grad()
    def weights(self, training: Batch) -> Tensor:
        """Return R(s, a) of the pairs, [K or 1, N]; its mean is 1 for every member."""
        if self.iteration == 0:
            return torch.ones_like(training.action[..., 0])
        parts = torch.arange(training.count, device=training.device).split(_CHUNK)
        log = torch.cat([self.policy.log_density(self.previous, training.rows(part))
                         for part in parts], dim=-1).double()
        # The softmax over the pairs is pi_old divided by its sum, without overflow.
        return (log.softmax(-1) * log.shape[-1]).float()

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw the dropout masks, where they are used."""
        dropped = self.module.network.draw_dropout(
            random, steps, batch * self.policy.config.networks)
        return {} if dropped is None else {'dropped': dropped}

    def loss(self, batch: WeightedBatch, draws: Draws) -> dict[str, Tensor]:
        """
        Return the losses of the members [K].

        'loss' is -log pi(a|s) R(s, a), the sum over the networks; 'counted' the share of the batch
        that counts, (sum R)^2 / (B sum R^2).
        """
        members, networks = self.policy.members, self.policy.config.networks
        dropped = draws.get('dropped')
        mean, log_std = self.module(
            by_network(batch.observation, members),
            None if dropped is None else draws_by_network(dropped, networks))
        weight = by_network(batch.weight, members)
        log = gaussian_log_density(by_network(batch.action, members), mean, log_std)
        counted = weight.sum(1).square() / (weight.square().sum(1) * weight.shape[1])
        return {'loss': -(weight * log).mean(1).unflatten(0, (members, networks)).sum(1),
                'counted': counted.unflatten(0, (members, networks)).mean(1)}

    def score(self, batch: Batch) -> Tensor:
        """Return the mean square error of the ensembles' actions on held-out pairs [K]."""
        chosen = self.policy.choose(self.module, batch.observation)
        return (chosen - batch.action).square().mean((1, 2))


def gaussian_log_density(action: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Return log N(action | mean, exp(log_std)) up to a constant, [..., A] -> [...]."""
    return -(0.5 * ((action - mean) * (-log_std).exp()).square() + log_std).sum(-1)


class _Deployed(nn.Module):
    def __init__(self, policy: NoisyDemonstrationsCloning):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.ensemble = policy.ensemble
        self.action_normalizer = policy.action_normalizer

    def forward(self, observation: Tensor) -> Tensor:
        mean, _ = self.ensemble(self.observation_normalizer.normalize(observation)[None])
        return self.action_normalizer.denormalize(mean.mean(0))
