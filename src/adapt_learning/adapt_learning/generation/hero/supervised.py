"""Supervised tuning on good pictures, in the manner of DreamBooth, as a baseline."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.latent_model import LatentModel, Prompt
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training


@dataclass(frozen=True)
class SupervisedConfig:
    """Updates by the loss that diffusion models are pretrained with."""

    learning_rate: float = 1e-4
    updates: int = 200
    """Per round."""
    batch: int = 4
    most: int = 4
    """Pictures learnt from in a round, the best first (DreamBooth: 4); 0: all good ones."""
    prompt_dropout: float = 0.1
    """
    Share of updates without the prompt, as in pretraining. Otherwise guidance multiplies what was
    learnt, round by round, until nothing is good any more.
    """
    gradient_clip: float = 1.0

    def __post_init__(self):
        if min(self.updates, self.batch) < 1 or min(self.most, self.gradient_clip) < 0:
            raise SettingError('updates and batch are at least 1, most and gradient clip not '
                               f'negative; got {self}')
        if self.learning_rate <= 0:
            raise SettingError(f'the learning rate is above 0; got {self.learning_rate}')
        if not 0 <= self.prompt_dropout < 1:
            raise SettingError('prompt_dropout lies in 0..1 (without 1); got '
                               f'{self.prompt_dropout}')


class Supervised(Training):
    """Teaches the prompt to mean some latents."""

    def __init__(self, model: LatentModel, weights: nn.ParameterList, config: SupervisedConfig,
                 seed: int):
        super().__init__(weights, OptimizationConfig(
            learning_rate=config.learning_rate, gradient_clip=config.gradient_clip,
            decay='constant', warmup_steps=0), seed)
        self.model, self.config = model, config
        self._of: tuple[Tensor, Prompt] | None = None

    def learn(self, latents: Tensor, prompt: Prompt,
              tell: Callable[[int, int], None] = lambda done, count: None) -> dict[str, float]:
        """Make the updates of a round on latents z_0 [M, C, h, w]; return the mean loss."""
        self._of, total = (latents, prompt), 0.0
        for done in range(self.config.updates):
            total += self.update()['denoising']
            tell(done + 1, self.config.updates)
        return {'denoising': total / self.config.updates}

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the mean square error of the denoiser's output on noised latents."""
        latents, prompt = self._of
        scheduler, batch = self.model.scheduler, self.config.batch
        clean = latents[torch.randint(len(latents), (batch,), generator=self.random)]
        noise = torch.randn(clean.shape, generator=self.random)
        times = torch.randint(scheduler.config.num_train_timesteps, (batch,),
                              generator=self.random)
        target = {'epsilon': noise, 'sample': clean}.get(scheduler.config.prediction_type)
        if target is None:
            target = scheduler.get_velocity(clean, noise, times)
        noisy = scheduler.add_noise(clean, noise, times)
        if torch.rand((), generator=self.random) < self.config.prompt_dropout:
            prompt = replace(prompt, states=prompt.empty)
        device = self.model.device
        output = self.model.predict(noisy.to(device), times.to(device), prompt, 1.0)
        loss = nn.functional.mse_loss(output, target.to(device))
        return loss, {'denoising': loss}
