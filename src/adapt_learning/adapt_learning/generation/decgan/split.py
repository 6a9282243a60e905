"""What can split pictures into content and attribute, and put them together again."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from adapt_learning.generation.decgan.backbone import Backbone
from adapt_learning.generation.decgan.batches import AT_ONCE, in_groups
from adapt_learning.generation.decgan.decomposition import Decomposition


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
            found = [self.parts_of(some) for some in in_groups(images)]
        return Parts(*(torch.cat(part) for part in zip(*found, strict=True)))

    def draw(self, latents: Tensor) -> Tensor:
        """Return pictures float32 [N, C, S, S] of z [N, latent]."""
        with torch.no_grad():
            return torch.cat([self.backbone.generator(z) for z in latents.split(AT_ONCE)])


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
