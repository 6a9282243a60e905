"""Ensemble of behavioural cloning: M networks learn apart and act together (eq. 3.1).

Each network has its own initial weights and its own batches of the same pairs. Where the data are
polluted their mistakes differ, and the mean of their actions has less of them (table 3.4, Ensemble
BC). Trained on restored demonstrations this is the table's Ensemble DMDR.
"""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.policies.bc import BehavioralCloningConfig, CloningStage
from adapt_learning.stacked.config import one_of
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import StackedMLP
from adapt_learning.stacked.stage import Draws, Samples


@dataclass(frozen=True)
class EnsembleBehavioralCloningConfig(BehavioralCloningConfig):
    """Settings of the ensemble; those of BC hold for each of its networks."""

    networks: int = 5
    """M, networks of one member."""
    combine: str = 'mean'
    """The action of the ensemble: mean or median of its networks, per element."""

    def __post_init__(self):
        super().__post_init__()
        one_of('combine', self.combine, ('mean', 'median'))
        check_networks(self.networks)


class EnsembleBehavioralCloning(Policy):
    """K ensembles of M networks; the parameters are stacked [K * M, ...]."""

    Config = EnsembleBehavioralCloningConfig

    def __init__(self, config: EnsembleBehavioralCloningConfig, observation_size: int,
                 action_size: int, normalizers: Normalizers, seeds: tuple[int, ...]):
        super().__init__(config, observation_size, action_size, normalizers, seeds)
        self.network = StackedMLP(config.network, observation_size, action_size,
                                  MemberRandom(seeds, 'policy weights', config.networks))

    def stages(self) -> tuple[CloningStage, ...]:
        """Return the only stage."""
        return (EnsembleStage(self),)

    def act_members(self, observation: Tensor) -> Tensor:
        """Return the action of every member, [K, B, A], for raw observations [K or 1, B, S]."""
        y = self.choose(self.observation_normalizer.normalize(observation))
        return self.action_normalizer.denormalize(y)

    def choose(self, observation: Tensor) -> Tensor:
        """Return the normalised actions of the ensembles, [K, B, A]."""
        if observation.shape[0] > 1:
            observation = observation.repeat_interleave(self.config.networks, 0)
        chosen = self.network(observation).unflatten(0, (self.members, -1))
        return combined(chosen, self.config.combine)

    def deployed(self) -> nn.Module:
        """Return the whole ensemble as one module with both normalisers (K = 1)."""
        return DeployedEnsemble(self, self.network, self.config.combine)


class EnsembleStage(CloningStage):
    """Minimise L_BC of every network on its own batches."""

    def samples(self, training: Samples) -> Samples:
        """Return the pairs as [1, N, M, ...]: each network has its own order of them."""
        return dealt(training, self.policy.config.networks)

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw what BC draws, for every network."""
        return super().draw(random, steps, batch * self.policy.config.networks)

    def loss(self, batch: Samples, draws: Draws) -> dict[str, Tensor]:
        """
        Return the losses of the members [K].

        'loss' is the sum over the networks, so that each of them learns as if it were alone;
        'network' is their mean.
        """
        members, networks = self.policy.members, self.policy.config.networks
        apart = Batch(by_network(batch.observation, members), by_network(batch.action, members))
        draws = {name: draws_by_network(t, networks) for name, t in draws.items()}
        losses = super().loss(apart, draws)['loss'].unflatten(0, (members, networks))
        return {'loss': losses.sum(1), 'network': losses.mean(1)}

    def score(self, batch: Batch) -> Tensor:
        """Return the mean square error of the ensembles' actions on held-out pairs [K]."""
        return (self.policy.choose(batch.observation) - batch.action).square().mean((1, 2))


class DeployedEnsemble(nn.Module):
    """M networks of one member: raw observation [B, S] -> raw action [B, A]."""

    def __init__(self, policy: Policy, network: nn.Module, combine: str):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.network = network
        self.action_normalizer = policy.action_normalizer
        self.combine = combine

    def forward(self, observation: Tensor) -> Tensor:
        """Return what the ensemble does."""
        y = self.network(self.observation_normalizer.normalize(observation)[None])
        return self.action_normalizer.denormalize(combined(y[None], self.combine)[0])


def combined(actions: Tensor, how: str) -> Tensor:
    """Return the mean or median over the networks: [K, M, B, A] -> [K, B, A]."""
    if how == 'mean':
        return actions.mean(1)
    ordered = actions.sort(1).values
    count = actions.shape[1]
    return (ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / 2


def dealt(samples: Samples, networks: int, disjoint: bool = False) -> Samples:
    """
    Deal samples [K or 1, N, ...] to the networks of a member: [K or 1, n, M, ...].

    Sample i of the result holds one sample for each network, so that one draw of the loop serves
    all of them. Every network gets all N samples in an order of its own, or, `disjoint`, its own
    N // M of them. The deal is the same for all members; their batches are not.
    """
    generator = torch.Generator().manual_seed(0)
    count = samples.count
    if count < networks:
        raise SettingError(f'{networks} networks need at least {networks} pairs; got {count}: '
                           'collect more, or set networks lower')
    if disjoint:
        rows = count // networks * networks
        index = torch.randperm(count, generator=generator)[:rows].reshape(-1, networks)
    else:
        index = torch.stack([torch.randperm(count, generator=generator)
                             for _ in range(networks)], dim=-1)
    index = index.to(samples.device)
    return replace(samples, **{field.name: getattr(samples, field.name)[:, index]
                               for field in fields(samples)})


def by_network(x: Tensor, members: int) -> Tensor:
    """Return dealt samples [K or 1, B, M, ...] with a row per network, [K * M, B, ...]."""
    x = x.transpose(1, 2)
    if x.shape[0] != members:
        x = x.expand(members, *x.shape[1:])
    return x.flatten(0, 1)


def draws_by_network(x: Tensor, networks: int) -> Tensor:
    """Return draws of the members [K, M * B, ...] with a row per network, [K * M, B, ...]."""
    return x.unflatten(1, (networks, -1)).flatten(0, 1)


def check_networks(networks: int) -> None:
    """Raise SettingError unless a number of networks is possible."""
    if not 1 <= networks <= 100:
        raise SettingError(f'an ensemble has 1..100 networks; got {networks}')
