"""What can split pictures into content and attribute, and put them together again."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from adapt_learning.generation.decgan.backbone import Backbone
from adapt_learning.generation.decgan.batches import as_images
from adapt_learning.generation.decgan.decomposition import Decomposition

_AT_ONCE = 500
"""Pictures per call of a network."""


@dataclass(frozen=True)
class Parts:
    """Content and attribute of pictures, float32 [N, latent] each; z is their sum."""

    content: Tensor
    attribute: Tensor

    @property
    def whole(self) -> Tensor:
        """Return z [N, latent]."""
        return self.content + self.attribute


class Split(ABC):
    """A way to write z as z_c + z_a, with the generator that draws it."""

    def __init__(self, backbone: Backbone):
        self.backbone = backbone.eval()

    @abstractmethod
    def parts_of(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_c and z_a [B, latent] of pictures float32 [B, C, S, S]."""

    def parts(self, images: np.ndarray) -> Parts:
        """Return the parts of pictures uint8 [N, S, S, C]."""
        with torch.no_grad():
            found = [self.parts_of(as_images(images[i:i + _AT_ONCE]))
                     for i in range(0, len(images), _AT_ONCE)]
        return Parts(*(torch.cat(part) for part in zip(*found, strict=True)))

    def draw(self, latents: Tensor) -> Tensor:
        """Return pictures float32 [N, C, S, S] of z [N, latent]."""
        with torch.no_grad():
            return torch.cat([self.backbone.generator(z) for z in latents.split(_AT_ONCE)])


class EncoderSplit(Split):
    """The encoders of a decomposition (dissertation 2.1.2)."""

    def __init__(self, backbone: Backbone, decomposition: Decomposition, classifier: nn.Module):
        super().__init__(backbone)
        self.decomposition, self.classifier = decomposition.eval(), classifier.eval()

    def parts_of(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_c and z_a at the means of their codes."""
        return (self.decomposition.z_c(images, self.classifier),
                self.decomposition.attribute(images))


class WholeLatent(Split):
    """No split: z of the generator's own encoder is the attribute, and content is 0."""

    def parts_of(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return zeros and the mean of z."""
        mean, _ = self.backbone.encoder(images)
        return torch.zeros_like(mean), mean
