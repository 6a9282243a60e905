"""Pictures from start noise by DDIM, with everything on the way that learning needs."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from adapt_learning.diffusion.transitions import Transitions
from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.latent_model import LatentModel, Prompt


@dataclass(frozen=True)
class SamplingConfig:
    """How pictures are made (table 2.5)."""

    steps: int = 50
    """DDIM steps; 20 for hands."""
    eta: float = 1.0
    """Share of the noise of ancestral sampling; above 0, or nothing is random and DDPO cannot."""
    guidance: float = 5.0
    """Weight of classifier-free guidance."""
    at_once: int = 8
    """Pictures per pass of the network: memory only."""

    def __post_init__(self):
        if self.steps < 1 or self.at_once < 1:
            raise SettingError('steps and at_once are at least 1; got '
                               f'{self.steps} and {self.at_once}')
        if not 0 < self.eta <= 1:
            raise SettingError('eta lies above 0 (or no step is random and nothing can be learnt) '
                               f'and is at most 1; got {self.eta}')
        if self.guidance < 1:
            raise SettingError(f'the guidance weight is at least 1; got {self.guidance}')


@dataclass(frozen=True)
class Trajectories:
    """The ways of N pictures from noise to latent."""

    latents: Tensor
    """float32 [N, n + 1, C, h, w], from z_T to z_0."""
    log_probabilities: Tensor
    """float32 [N, n] of each step under the model that made it (eq. 2.8: phi_old)."""

    @property
    def noises(self) -> Tensor:
        """Return z_T, [N, C, h, w]."""
        return self.latents[:, 0]

    @property
    def final(self) -> Tensor:
        """Return z_0, [N, C, h, w]."""
        return self.latents[:, -1]

    def embedded(self, which: str) -> Tensor:
        """Return the latents that stand for the pictures: 'final' z_0, or 'before_last'."""
        return self.latents[:, -1 if which == 'final' else -2]


def transitions_of(model: LatentModel, config: SamplingConfig) -> Transitions:
    """Return the steps of a model."""
    return Transitions(model.scheduler, config.steps, config.eta, model.device)


@torch.no_grad()
def sample(model: LatentModel, prompt: Prompt, noises: Tensor, config: SamplingConfig,
           random: torch.Generator, tell: Callable[[int], None] = lambda done: None
           ) -> Trajectories:
    """
    Return the trajectories that begin at noises [N, C, h, w].

    All random numbers are drawn on the CPU, for all pictures at once: neither `at_once` nor the
    device changes which. `tell` hears how many steps of all are done.
    """
    ways = transitions_of(model, config)
    latents, logs = [noises.float().cpu()], []
    for i in range(len(ways)):
        noise = torch.randn(noises.shape, generator=random)
        later, log = [], []
        for x, eps in zip(latents[-1].split(config.at_once), noise.split(config.at_once),
                          strict=True):
            x, eps = x.to(model.device), eps.to(model.device)
            step = torch.full((len(x),), i, device=model.device)
            output = model.predict(x, ways.times[step], prompt, config.guidance)
            mean = ways.mean(x, output, step)
            follow = ways.follow(mean, eps, step)
            later.append(follow.cpu())
            log.append(ways.log_probability(follow, mean, step).cpu())
        latents.append(torch.cat(later))
        logs.append(torch.cat(log))
        tell(i + 1)
    return Trajectories(torch.stack(latents, 1), torch.stack(logs, 1))
