"""What DDPO and D3PO share: updates of LoRA weights on steps of trajectories, in small parts."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from adapt_learning.generation.hero.latent_model import LatentModel, Prompt
from adapt_learning.generation.hero.sampling import (
    SamplingConfig,
    Trajectories,
    transitions_of,
)
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training


class PolicyUpdates(Training):
    """
    Updates on a list of pieces; the gradient is the mean over pieces that come in parts.

    A part is what goes through the network at once, so memory is a matter of `at_once` alone.
    """

    def __init__(self, model: LatentModel, weights: nn.ParameterList, sampling: SamplingConfig,
                 optimization: OptimizationConfig, at_once: int, seed: int):
        super().__init__(weights, optimization, seed)
        self.model, self.sampling, self.at_once = model, sampling, at_once
        self.transitions = transitions_of(model, sampling)
        self._parts: Sequence[Tensor] = ()
        self._share = 1.0
        self._of: tuple[Trajectories, Prompt] | None = None

    @abstractmethod
    def part_losses(self, part: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the sum of losses over the pieces of a part, and sums to be told."""

    def make(self, updates: Sequence[Tensor], trajectories: Trajectories, prompt: Prompt,
             tell: Callable[[int], None]) -> dict[str, float]:
        """Make one update for every tensor of pieces [n, ...]; return the means over all."""
        self._of = (trajectories, prompt)
        sums: dict[str, float] = {}
        for done, pieces in enumerate(updates):
            self._parts, self._share = pieces.split(self.at_once), 1 / len(pieces)
            for name, value in self.update().items():
                sums[name] = sums.get(name, 0.0) + value / len(updates)
            tell(done + 1)
        return sums

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss, whose gradient is there already but for its last part."""
        told: dict[str, Tensor] = {}
        for number, part in enumerate(self._parts):
            total, sums = self.part_losses(part)
            total = total * self._share
            for name, value in sums.items():
                told[name] = told.get(name, 0.0) + value.detach() * self._share
            if number < len(self._parts) - 1:
                total.backward()
        return total, told

    def log_probability(self, picture: Tensor, step: Tensor) -> Tensor:
        """Return log p(z_next | z_t) [B] of steps [B] of pictures [B] under the weights now."""
        trajectories, prompt = self._of
        device = self.model.device
        x = trajectories.latents[picture, step].to(device)
        later = trajectories.latents[picture, step + 1].to(device)
        step = step.to(device)
        output = self.model.predict(x, self.transitions.times[step], prompt,
                                    self.sampling.guidance)
        return self.transitions.log_probability(
            later, self.transitions.mean(x, output, step), step)

    def draw_steps(self, pictures: int, count: int) -> Tensor:
        """Return `count` different steps for each picture, int64 [pictures, count]."""
        there = self.transitions.random_steps.cpu()
        order = torch.rand(pictures, len(there), generator=self.random).argsort(1)
        return there[order[:, :count]]
