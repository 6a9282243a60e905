"""Trains a generator: the losses of VAE-GAN (Larsen et al. 2016, algorithm 1)."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.backbone import Backbone, kl_to_standard, sample
from adapt_learning.generation.decgan.batches import Batches
from adapt_learning.generation.decgan.image_set import Pictures
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training


@dataclass(frozen=True)
class GeneratorConfig:
    """How a generator learns; the dissertation gives none of it."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=2000, batch=32, learning_rate=2e-3, warmup_steps=50, precision='float32'))
    """ema_decay and what belongs to validation are not used, see `Training`."""
    kl_weight: float = 3e-4
    """Of the KL divergence of z [nats per picture]."""
    pixel_weight: float = 1.0
    """
    Of the cross-entropy of pixels [nats per pixel]. VAE-GAN itself compares features alone; with L1
    the first thing that is learnt is to draw black.
    """
    feature_weight: float = 1e-3
    """Of the mean squared difference of the discriminator's features."""
    adversarial_weight: float = 2e-3
    """Of deceiving the discriminator."""

    def __post_init__(self):
        for name in ('kl_weight', 'pixel_weight', 'feature_weight', 'adversarial_weight'):
            if getattr(self, name) < 0:
                raise SettingError(f'{name} is not negative; got {getattr(self, name)}')


class GeneratorTraining(Training):
    """Encoder, generator and discriminator in one update, each with the gradient of its own."""

    def __init__(self, backbone: Backbone, pictures: Pictures, config: GeneratorConfig,
                 seed: int = 0):
        super().__init__(backbone, config.optimization, seed)
        self.backbone, self.config = backbone, config
        any_label = next(iter(pictures.labels.values()))
        self.batches = Batches(pictures.images, any_label, config.optimization.batch)

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the sum of both players' losses; neither has a gradient of the other's."""
        net, config = self.backbone, self.config
        real, _ = self.batches.draw(self.random)
        mean, log_variance = net.encoder(real)
        latents = torch.cat((sample(mean, log_variance, self.random),
                             torch.randn(mean.shape, generator=self.random)))
        made = net.generator(latents)
        rebuilt = made[:len(real)]
        real_logit, real_features = net.discriminator(real)
        fake_logit, _ = net.discriminator(made.detach())
        judged_logit, judged_features = frozen_call(net.discriminator, made)
        discriminator = (functional.softplus(-real_logit).mean()
                         + functional.softplus(fake_logit).mean())
        parts = {
            'pixels': functional.binary_cross_entropy(rebuilt, real),
            'features': (judged_features[:len(real)] - real_features.detach()).square().mean(),
            'kl': kl_to_standard(mean, log_variance),
            'deceive': functional.softplus(-judged_logit).mean(),
            'discriminator': discriminator}
        total = (config.pixel_weight * parts['pixels'] + config.feature_weight * parts['features']
                 + config.kl_weight * parts['kl']
                 + config.adversarial_weight * parts['deceive'] + discriminator)
        return total, parts


def frozen_call(module: nn.Module, *arguments: Tensor) -> tuple[Tensor, ...]:
    """Return what a module gives, with gradients to its arguments and none to its weights."""
    weights = {name: x.detach() for name, x in module.named_parameters()}
    return torch.func.functional_call(module, weights, arguments)
