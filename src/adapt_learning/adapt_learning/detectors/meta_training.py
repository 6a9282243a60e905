"""Training of the meta-comparer: episodes of one surface each, drawn from many (section 1.1.2).

An episode takes some good pictures of a surface as references and other pictures of it, good and
abnormal, as queries. What is learnt is to compare; no surface is seen often enough to be learnt by
heart. The backbone stays frozen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from adapt_learning.detectors import losses
from adapt_learning.detectors.domains import DomainMaps
from adapt_learning.detectors.meta_comparer import MetaComparer
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training


@dataclass(frozen=True)
class MetaTrainingConfig:
    """How it is trained; the dissertation leaves the numbers to a supplement that is not public."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=1500, learning_rate=1e-3, weight_decay=0.01, gradient_clip=1.0, precision='float32'))
    """steps: episodes; batch and the average of the weights are not used."""
    queries: int = 4
    """Pictures to judge per episode, half of them abnormal."""
    references: int = 4
    """Good pictures to compare with."""
    reference_patches: int = 512
    """N_R: patches that are drawn from all references of an episode, per level."""
    ranking_pairs: int = 256
    """Pairs (u, v) per query and level in L_rank."""
    attention_weight: float = 1.0
    ranking_weight: float = 1.0
    ranking_scale: float = 1.0
    """lambda of eq. 1.4."""

    def __post_init__(self):
        for name in ('queries', 'references', 'reference_patches', 'ranking_pairs'):
            least = 2 if name == 'queries' else 1
            if getattr(self, name) < least:
                raise SettingError(f'{name} is at least {least}; got {getattr(self, name)}')
        for name in ('attention_weight', 'ranking_weight', 'ranking_scale'):
            if getattr(self, name) < 0:
                raise SettingError(f'{name} is not negative; got {getattr(self, name)}')


class MetaTraining(Training):
    """
    The training of neck and comparers of a detector, in place.

    Domains are drawn with equal chance, whatever number of pictures they have. SettingError
    without any.
    """

    def __init__(self, detector: MetaComparer, domains: Sequence[DomainMaps],
                 config: MetaTrainingConfig, seed: int = 0):
        if not domains:
            raise SettingError('the meta-comparer learns from at least one surface; got none')
        super().__init__(detector.learning(), config.optimization, seed)
        self.detector, self.domains, self.config = detector, domains, config

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum of the losses of a new episode, and the three of them."""
        number = int(torch.randint(len(self.domains), (1,), generator=self.random))
        parts = episode_losses(self.detector, self.domains[number], self.config, self.random)
        return (parts['classification'] + self.config.attention_weight * parts['attention']
                + self.config.ranking_weight * parts['ranking']), parts


def episode_losses(detector: MetaComparer, domain: DomainMaps, config: MetaTrainingConfig,
                   random: torch.Generator) -> dict[str, Tensor]:
    """Return the three losses of one episode, each the sum over the levels."""
    index, abnormal, count = _drawn(domain, config, random)
    patches = detector.patches_of(domain.some(index))
    found = dict.fromkeys(('classification', 'attention', 'ranking'), torch.zeros(()))
    every = detector.config.mode == 'max'
    for comparer, level in zip(detector.comparers, patches, strict=True):
        query, reference = level[count:], level[:count].flatten(0, 1)
        chosen = torch.randperm(len(reference), generator=random)[:config.reference_patches]
        reference = reference[chosen]
        similarity = comparer.attention(query, reference)
        logits = comparer.scores(query, reference, similarity, detector.config.mode,
                                 detector.config.neighbors)
        pairs = torch.randint(query.shape[1], (2, len(query), config.ranking_pairs),
                              generator=random)
        found = {
            'classification': found['classification'] + losses.classification(logits, abnormal),
            'attention': found['attention'] + losses.attention(similarity, abnormal, every),
            'ranking': found['ranking'] + losses.ranking(
                logits, similarity.amax(-1), config.ranking_scale, (pairs[0], pairs[1]))}
    return found


def _drawn(domain: DomainMaps, config: MetaTrainingConfig,
           random: torch.Generator) -> tuple[Tensor, Tensor, int]:
    """Return pictures (references first), labels of the queries, and the number of references."""
    good = domain.good[torch.randperm(len(domain.good), generator=random)]
    bad = domain.bad[torch.randperm(len(domain.bad), generator=random)]
    # A small surface gives at least one reference and one good query.
    count = min(config.references, len(good) - 1)
    few = config.queries // 2
    queries = [good[count:count + config.queries - few], bad[:few]]
    abnormal = torch.cat([torch.full((len(part),), bool(i)) for i, part in enumerate(queries)])
    return torch.cat([good[:count], *queries]), abnormal, count
