"""D3PO: direct preference of good over bad pictures (Yang et al., CVPR 2024), as a baseline."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.latent_model import LatentModel, Prompt
from adapt_learning.generation.hero.lora import without_lora
from adapt_learning.generation.hero.policy_updates import PolicyUpdates
from adapt_learning.generation.hero.sampling import SamplingConfig, Trajectories
from adapt_learning.stacked.config import OptimizationConfig


@dataclass(frozen=True)
class D3poConfig:
    """Updates on pairs; the defaults are those of the published code."""

    learning_rate: float = 3e-5
    beta: float = 0.1
    """How much the log ratio to the pretrained model counts."""
    clip: float = 0.1
    """That ratio is held within 1 - clip..1 + clip."""
    group: int = 7
    """Pictures that are compared with each other; pairs with equal labels say nothing."""
    steps: int = 20
    """Steps of each pair that are learnt from."""
    pairs: int = 1
    """Per update."""
    gradient_clip: float = 1.0
    at_once: int = 2
    """Steps of pairs per pass of the network: memory only."""

    def __post_init__(self):
        whole = (self.steps, self.pairs, self.at_once)
        if min(whole) < 1 or self.group < 2:
            raise SettingError('steps, pairs and at_once are at least 1, group at least 2; got '
                               f'{", ".join(map(str, whole))} and {self.group}')
        if min(self.learning_rate, self.beta, self.clip) <= 0 or self.gradient_clip < 0:
            raise SettingError('learning rate, beta and clip are above 0, gradient clip not below; '
                               f'got {self}')


class D3po(PolicyUpdates):
    """Makes good trajectories more likely than bad ones, measured from the pretrained model."""

    def __init__(self, model: LatentModel, weights: nn.ParameterList, sampling: SamplingConfig,
                 config: D3poConfig, seed: int):
        super().__init__(model, weights, sampling, OptimizationConfig(
            learning_rate=config.learning_rate, gradient_clip=config.gradient_clip,
            decay='constant', warmup_steps=0), config.at_once, seed)
        self.config = config

    def learn(self, trajectories: Trajectories, is_good: Tensor, prompt: Prompt,
              tell: Callable[[int, int], None] = lambda done, count: None) -> dict[str, float]:
        """Go through all pairs of unequal labels, bool [N], within groups; return mean losses."""
        order = torch.randperm(len(is_good), generator=self.random)
        pairs = []
        for group in order.split(self.config.group):
            good, bad = group[is_good[group]], group[~is_good[group]]
            pairs.append(torch.cartesian_prod(good, bad).view(-1, 2))
        pairs = torch.cat(pairs)
        pairs = pairs[torch.randperm(len(pairs), generator=self.random)]
        if not len(pairs):  # the few good ones are all in groups of their own
            return {}
        steps = self.draw_steps(len(pairs), self.config.steps)
        updates = [torch.cat([
            chosen[:, None].expand(-1, steps.shape[1], -1), steps[i * self.config.pairs:][
                :len(chosen), :, None]], -1).flatten(0, 1)
            for i, chosen in enumerate(pairs.split(self.config.pairs))]
        return self.make(updates, trajectories, prompt, lambda done: tell(done, len(updates)))

    def part_losses(self, part: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return -log sigmoid(beta (log ratio good - log ratio bad)) of (good, bad, step)."""
        good, bad, step = part.unbind(-1)
        both, steps = torch.cat([good, bad]), torch.cat([step, step])
        with torch.no_grad(), without_lora(self.model):
            reference = self.log_probability(both, steps)
        ratio = (self.log_probability(both, steps) - reference).exp()
        better, worse = ratio.clamp(1 - self.config.clip, 1 + self.config.clip).log().chunk(2)
        loss = -nn.functional.logsigmoid(self.config.beta * (better - worse)).sum()
        return loss, {'preference': loss, 'ratio_away': (ratio - 1).abs().sum() / 2}
