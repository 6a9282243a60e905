"""DDPO: fine-tuning by rewards of whole pictures (eq. 2.8), with the clip of PPO."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.latent_model import LatentModel, Prompt
from adapt_learning.generation.hero.policy_updates import PolicyUpdates
from adapt_learning.generation.hero.sampling import SamplingConfig, Trajectories
from adapt_learning.stacked.config import OPTIMIZERS, OptimizationConfig, later, one_of


@dataclass(frozen=True)
class DdpoConfig:
    """Updates of the LoRA weights (table 2.5)."""

    learning_rate: float = 3e-4
    """1e-3 in the published code."""
    optimizer: str = later('adamw')
    """adamw as in the published code; preset `paper` has the text's adam."""
    weight_decay: float = 1e-4
    clip: float = 1e-4
    """The ratio of eq. 2.8 counts within 1 - clip..1 + clip."""
    advantage_clip: float = 5.0
    gradient_clip: float = 1.0
    """Largest norm of the gradient; 0: no limit."""
    steps: int = 5
    """K: steps of each trajectory that are learnt from, drawn anew each time."""
    pictures: int = 8
    """Per update: batch 2 times 4 accumulated gradients."""
    passes: int = 1
    """Times that the pictures of a round are gone through."""
    at_once: int = 2
    """Steps of pictures per pass of the network: memory only."""

    def __post_init__(self):
        one_of('optimizer', self.optimizer, OPTIMIZERS)
        whole = (self.steps, self.pictures, self.passes, self.at_once)
        if min(whole) < 1:
            raise SettingError('steps, pictures, passes and at_once are at least 1; got '
                               f'{", ".join(map(str, whole))}')
        if min(self.learning_rate, self.clip, self.advantage_clip) <= 0 or min(
                self.weight_decay, self.gradient_clip) < 0:
            raise SettingError('learning rate and clips are above 0, weight decay and gradient '
                               f'clip not below; got {self}')


class Ddpo(PolicyUpdates):
    """Makes what was rewarded more likely."""

    def __init__(self, model: LatentModel, weights: nn.ParameterList, sampling: SamplingConfig,
                 config: DdpoConfig, seed: int):
        super().__init__(model, weights, sampling, OptimizationConfig(
            optimizer=config.optimizer, learning_rate=config.learning_rate,
            weight_decay=config.weight_decay, gradient_clip=config.gradient_clip,
            decay='constant', warmup_steps=0),
            config.at_once, seed)
        self.config = config
        self._advantages = torch.empty(0)

    def learn(self, trajectories: Trajectories, advantages: Tensor, prompt: Prompt,
              tell: Callable[[int, int], None] = lambda done, count: None) -> dict[str, float]:
        """Go through the pictures of a round, advantages [N]; return mean losses."""
        self._advantages = advantages
        count, updates = len(advantages), []
        for _ in range(self.config.passes):
            order = torch.randperm(count, generator=self.random)
            steps = self.draw_steps(count, self.config.steps)
            for group in order.split(self.config.pictures):
                picture = group[:, None].expand(-1, steps.shape[1])
                updates.append(torch.stack([picture, steps[group]], -1).flatten(0, 1))
        return self.make(updates, trajectories, prompt, lambda done: tell(done, len(updates)))

    def part_losses(self, part: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the clipped loss of (picture, step) pairs [n, 2]."""
        picture, step = part.unbind(-1)
        old = self._of[0].log_probabilities[picture, step].to(self.model.device)
        ratio = (self.log_probability(picture, step) - old).exp()
        advantage = self._advantages[picture].to(ratio.device)
        bounded = ratio.clamp(1 - self.config.clip, 1 + self.config.clip)
        loss = torch.maximum(-advantage * ratio, -advantage * bounded).sum()
        away = (ratio - 1).abs()
        return loss, {'policy': loss, 'clipped': (away > self.config.clip).float().sum(),
                      'ratio_away': away.sum()}
