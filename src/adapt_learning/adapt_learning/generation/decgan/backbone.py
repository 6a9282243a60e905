"""What generators to be decomposed have in common: encoder, generator, discriminator."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError

HALVINGS = 3
"""From the picture to the smallest map."""


@dataclass(frozen=True)
class BackboneConfig:
    """Sizes of the networks; the dissertation gives none."""

    latent: int = 64
    """Elements of z."""
    width: int = 16
    """Channels of the first convolution; they double twice."""

    def __post_init__(self):
        for name in ('latent', 'width'):
            if getattr(self, name) < 2:
                raise SettingError(f'{name} is at least 2; got {getattr(self, name)}')


class GaussianEncoder(nn.Module):
    """Pictures -> mean and log-variance of a code, by the convolutions of a backbone."""

    def __init__(self, trunk: nn.Module, features: int, code: int):
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(features, 2 * code)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance, [B, code] each, of pictures [B, C, S, S] in 0..1."""
        mean, log_variance = self.head(self.trunk(images)).chunk(2, dim=1)
        return mean, log_variance.clamp(-10, 10)


class Discriminator(nn.Module):
    """Pictures -> logit of being real, and the features that it is read from."""

    def __init__(self, trunk: nn.Module, features: int, classes: int = 0):
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(features, 1 + classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits [B, 1 + classes] and features [B, F]."""
        features = self.trunk(images)
        return self.head(features), features


class Backbone(nn.Module, ABC):
    """
    A VAE-GAN: z ~ encoder(x), pictures generator(z), a discriminator that judges them.

    A member gives the convolutions (`trunk`) and the generator's layers (`synthesis`).
    """

    def __init__(self, channels: int, side: int, config: BackboneConfig):
        super().__init__()
        self.channels, self.side, self.config = channels, side, config
        self.smallest = side // 2**HALVINGS
        self.features = 4 * config.width * self.smallest**2
        """Elements of what a trunk gives."""
        self.encoder = self.new_encoder(config.latent)
        self.generator = nn.Sequential(self.synthesis(config.latent), nn.Sigmoid())
        self.discriminator = Discriminator(self.trunk(), self.features)

    @abstractmethod
    def trunk(self) -> nn.Module:
        """Return new convolutions: pictures [B, C, S, S] -> features [B, F]."""

    @abstractmethod
    def synthesis(self, latent: int) -> nn.Module:
        """Return new layers: latent [B, latent] -> pictures [B, C, S, S] before the sigmoid."""

    def new_encoder(self, code: int) -> GaussianEncoder:
        """Return a new encoder of the structure of the one that belongs to this backbone."""
        return GaussianEncoder(self.trunk(), self.features, code)


def sample(mean: Tensor, log_variance: Tensor, random: torch.Generator) -> Tensor:
    """Return a sample of the normal distribution, differentiable in both."""
    noise = torch.randn(mean.shape, generator=random)
    return mean + torch.exp(0.5 * log_variance) * noise


def kl_to_standard(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, variance) || N(0, 1)) [nats per picture], mean over the batch."""
    per_element = mean.square() + log_variance.exp() - 1 - log_variance
    return 0.5 * per_element.sum(1).mean()
