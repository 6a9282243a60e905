"""Implicit behavioural cloning (Florence et al., CoRL 2021): the action of lowest energy.

A network E(s, a) learns to give the expert's action a lower energy than others (InfoNCE with
uniform counter-examples). The policy searches the action of lowest energy without derivatives:
candidates spread over the box of actions, resampled by exp(-E) and perturbed with less and less
noise.

The search is deterministic: its random numbers are drawn once, by `search_seed`, and the
resampling is systematic (equal steps through the cumulated probabilities). So it can be exported
whole, and the same observation gives the same action everywhere.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.stacked.config import NormalizationConfig, OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import MLPConfig, StackedMLP
from adapt_learning.stacked.stage import Draws, Stage

_VALIDATION_PAIRS = 512


@dataclass(frozen=True)
class ImplicitBehavioralCloningConfig:
    """Settings of implicit BC."""

    network: MLPConfig = field(default_factory=lambda: MLPConfig(width=128, depth=2))
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    normalization: NormalizationConfig = field(default_factory=NormalizationConfig)
    negatives: int = 64
    """Counter-examples per pair and update."""
    action_limit: float = 1.0
    """Largest magnitude of a raw action that is looked at."""
    action_reach: float = 4.0
    """The search stays within so many std of the mean of the demonstrated actions."""
    samples: int = 1024
    """Candidates of the search."""
    iterations: int = 3
    """Rounds of resampling and perturbing."""
    noise: float = 0.33
    """Std of the first perturbation [half a side of the box of actions]."""
    shrink: float = 0.5
    """Each perturbation is so much smaller than the one before."""
    search_seed: int = 0

    def __post_init__(self):
        for name in ('negatives', 'samples', 'iterations'):
            if getattr(self, name) < 1:
                raise SettingError(f'{name} is at least 1; got {getattr(self, name)}')
        for name in ('action_limit', 'action_reach', 'noise', 'shrink'):
            if getattr(self, name) <= 0:
                raise SettingError(f'{name} is above 0; got {getattr(self, name)}')


class ImplicitBehavioralCloning(Policy):
    """K energy networks and the search for their lowest energy."""

    Config = ImplicitBehavioralCloningConfig
    chooses = True

    def __init__(self, config: ImplicitBehavioralCloningConfig, observation_size: int,
                 action_size: int, normalizers: Normalizers, seeds: tuple[int, ...]):
        super().__init__(config, observation_size, action_size, normalizers, seeds)
        self.network = StackedMLP(config.network, observation_size + action_size, 1,
                                  MemberRandom(seeds, 'policy weights'))
        low, high = self.action_box(config.action_limit, config.action_reach)
        self.search = Search(config, (low + high) / 2, (high - low) / 2)

    def stages(self) -> tuple[Stage, ...]:
        """Return the only stage."""
        return (ContrastiveStage(self),)

    def act_members(self, observation: Tensor) -> Tensor:
        """Return the action of every member, [K, B, A], for raw observations [K or 1, B, S]."""
        normalized = self.observation_normalizer.normalize(observation)
        return self.action_normalizer.denormalize(self.search(self.network, normalized))

    def deployed(self) -> nn.Module:
        """Return network, search and both normalisers (K = 1)."""
        return _Deployed(self)


class Search(nn.Module):
    """
    Derivative-free search for the action of lowest energy, with random numbers drawn once.

    The box of actions is -1..1 here; `center` and `half_side` [A] lead to normalised actions.
    """

    def __init__(self, config: ImplicitBehavioralCloningConfig, center: Tensor, half: Tensor):
        super().__init__()
        generator = torch.Generator().manual_seed(config.search_seed)
        shape = (config.samples, len(center))
        stds = [config.noise * config.shrink ** i for i in range(config.iterations)]
        self.register_buffer('center', center, persistent=False)
        self.register_buffer('half_side', half, persistent=False)
        self.register_buffer('first', 2 * torch.rand(shape, generator=generator) - 1,
                             persistent=False)
        self.register_buffer('noise', torch.stack([
            std * torch.randn(shape, generator=generator) for std in stds]), persistent=False)

    def forward(self, network: StackedMLP, observation: Tensor) -> Tensor:
        """Return the chosen normalised actions [K, B, A]; observation [K or 1, B, S] normalised."""
        members, count = network.members, observation.shape[1]
        observation = observation.expand(members, -1, -1)
        candidates = self.first.expand(members, count, -1, -1)
        for noise in self.noise:
            chances = (-energies(network, observation, candidates)).softmax(-1)
            candidates = (taken(candidates, resampled(chances)) + noise).clamp(-1, 1)
        best = energies(network, observation, candidates).argmin(-1, keepdim=True)
        return taken(candidates, best)[:, :, 0] * self.half_side + self.center

    def to_box(self, action: Tensor) -> Tensor:
        """Return normalised actions [..., A] in the box, -1..1."""
        return ((action - self.center) / self.half_side).clamp(-1, 1)


class ContrastiveStage(Stage):
    """Minimise InfoNCE: the expert's action against uniform counter-examples."""

    name = 'policy'

    def __init__(self, policy: ImplicitBehavioralCloning):
        self.policy = policy
        self.module = policy.network
        self.config = policy.config.optimization

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw the counter-examples, uniform in the box, and the dropout masks."""
        config = self.policy.config
        draws = {'negative': random.uniform(
            steps, batch, config.negatives, self.policy.action_size).mul_(2).sub_(1)}
        dropped = self.module.draw_dropout(random, steps, batch * (config.negatives + 1))
        return draws if dropped is None else {**draws, 'dropped': dropped}

    def loss(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """Return InfoNCE of the members [K]."""
        return {'loss': self._contrast(batch, draws['negative'], draws.get('dropped'))}

    def score(self, batch: Batch) -> Tensor:
        """Return InfoNCE on held-out pairs, with counter-examples that are the same every time."""
        thin = torch.linspace(0, batch.count - 1, min(batch.count, _VALIDATION_PAIRS)).long()
        batch = batch.rows(thin.to(batch.device))
        random = MemberRandom((0,) * self.policy.members, 'policy validation')
        negative = 2 * random.uniform(
            batch.count, self.policy.config.negatives, self.policy.action_size) - 1
        return self._contrast(batch, negative.to(batch.device), None)

    def _contrast(self, batch: Batch, negative: Tensor, dropped: Tensor | None) -> Tensor:
        members = self.policy.members
        expert = self.policy.search.to_box(batch.action).expand(members, -1, -1)
        actions = torch.cat([expert[:, :, None], negative], dim=2)
        energy = energies(self.module, batch.observation.expand(members, -1, -1), actions, dropped)
        return info_nce(energy)


def info_nce(energy: Tensor) -> Tensor:
    """
    Return InfoNCE of energies [K, B, 1 + n], the expert's first: [K] (Florence et al. eq. 2).

    -log(exp(-E_0) / sum_j exp(-E_j)), the mean over the batch.
    """
    return (energy[..., 0] + (-energy).logsumexp(-1)).mean(-1)


def energies(network: StackedMLP, observation: Tensor, actions: Tensor,
             dropped: Tensor | None = None) -> Tensor:
    """Return E(s, a) of observations [K, B, S] and actions in the box [K, B, n, A]: [K, B, n]."""
    members, count, number = actions.shape[:3]
    repeated = observation[:, :, None].expand(-1, -1, number, -1)
    pair = torch.cat([repeated, actions], dim=-1).flatten(1, 2)
    return network(pair, dropped).reshape(members, count, number)


def resampled(chances: Tensor) -> Tensor:
    """Return which candidates go on, int64 [..., n], for probabilities [..., n] (systematic)."""
    number = chances.shape[-1]
    # float64, so that torch and onnxruntime, which add in another order, take the same ones.
    cumulated = chances.double().cumsum(-1)
    cumulated = cumulated / cumulated[..., -1:]
    # Place j is at (j + 0.5) / n and takes the first candidate whose cumulated probability
    # reaches it: it passes those that reach fewer places.
    reached = (number * cumulated + 0.5).floor().long().clamp(0, number)
    passed = torch.zeros_like(reached).scatter_add(-1, reached.clamp_max(number - 1),
                                                   (reached < number).long())
    return passed.cumsum(-1)


def taken(candidates: Tensor, index: Tensor) -> Tensor:
    """Return candidates [K, B, n, A] at index [K, B, m]: [K, B, m, A]."""
    members, count, number, size = candidates.shape
    # Rows of one table: a gather over the third axis is far slower, and onnx's reference cannot.
    first = number * torch.arange(members * count, device=index.device).reshape(members, count, 1)
    rows = (index + first).flatten()
    return candidates.reshape(-1, size)[rows].reshape(members, count, -1, size)


class _Deployed(nn.Module):
    def __init__(self, policy: ImplicitBehavioralCloning):
        super().__init__()
        self.observation_normalizer = policy.observation_normalizer
        self.network = policy.network
        self.search = policy.search
        self.action_normalizer = policy.action_normalizer

    def forward(self, observation: Tensor) -> Tensor:
        chosen = self.search(self.network, self.observation_normalizer.normalize(observation)[None])
        return self.action_normalizer.denormalize(chosen[0])
