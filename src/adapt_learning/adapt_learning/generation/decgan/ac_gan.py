"""AC-GAN, the rival that is trained anew for every attribute (Odena et al. 2017)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.backbone import Backbone, Discriminator
from adapt_learning.generation.decgan.batches import Batches
from adapt_learning.generation.decgan.generator_training import frozen_call
from adapt_learning.generation.decgan.image_set import Pictures
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training

_BETAS = (0.5, 0.99)
"""Of Adam: the other player changes, old gradients mislead."""


@dataclass(frozen=True)
class AcGanConfig:
    """How it learns."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=2000, batch=32, learning_rate=1e-3, warmup_steps=50, decay='constant',
        precision='float32'))
    """ema_decay and what belongs to validation are not used, see `Training`."""
    class_weight: float = 1.0
    """Of the cross-entropy, for both players."""

    def __post_init__(self):
        if self.class_weight <= 0:
            raise SettingError(f'class_weight is above 0; got {self.class_weight}')


class AcGan(nn.Module):
    """A generator that is told the class, and a discriminator that tells it, of a backbone."""

    def __init__(self, backbone: Backbone, classes: int):
        super().__init__()
        self.latent, self.classes = backbone.config.latent, classes
        self.generator = nn.Sequential(
            *_normalised(backbone.synthesis(self.latent + classes)), nn.Sigmoid())
        self.discriminator = Discriminator(backbone.trunk(), backbone.features, classes)
        self.draw(torch.arange(classes), torch.Generator())  # sizes of the normalisations

    def draw(self, labels: Tensor, random: torch.Generator) -> Tensor:
        """Return pictures [B, C, S, S] of classes int64 [B]."""
        noise = torch.randn((len(labels), self.latent), generator=random)
        told = functional.one_hot(labels, self.classes).to(noise.dtype)
        return self.generator(torch.cat((noise, told), 1))


def _normalised(layers: nn.Module) -> Iterator[nn.Module]:
    """Give the layers of a generator, with a normalisation of the batch before activations."""
    for layer in layers:
        if isinstance(layer, nn.ReLU | nn.LeakyReLU):
            # Without it the sigmoid saturates in the first updates, and all is black for ever.
            yield nn.LazyBatchNorm2d()
        yield layer


class AcGanTraining(Training):
    """Both players in one update, each with the gradient of its own loss."""

    def __init__(self, gan: AcGan, pictures: Pictures, attribute: str, config: AcGanConfig,
                 seed: int = 0):
        super().__init__(gan, config.optimization, seed)
        for group in self._optimizer.param_groups:
            group['betas'] = _BETAS
        self.gan, self.config = gan, config
        self.batches = Batches(pictures.images, pictures.labels[attribute],
                               config.optimization.batch)

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the sum of both players' losses; neither has a gradient of the other's."""
        real, labels = self.batches.draw(self.random)
        asked = torch.randint(self.gan.classes, labels.shape, generator=self.random)
        made = self.gan.draw(asked, self.random)
        on_real, _ = self.gan.discriminator(real)
        on_made, _ = self.gan.discriminator(made.detach())
        judged, _ = frozen_call(self.gan.discriminator, made)
        parts = {
            'discriminator': (functional.softplus(-on_real[:, 0]).mean()
                              + functional.softplus(on_made[:, 0]).mean()),
            'classes': functional.cross_entropy(on_real[:, 1:], labels),
            'deceive': functional.softplus(-judged[:, 0]).mean(),
            'made_classes': functional.cross_entropy(judged[:, 1:], asked)}
        weight = self.config.class_weight
        total = (parts['discriminator'] + parts['deceive']
                 + weight * (parts['classes'] + parts['made_classes']))
        return total, parts
