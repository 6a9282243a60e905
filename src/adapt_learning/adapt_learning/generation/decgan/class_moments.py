"""A split in closed form by what the classifier says: means of classes, and what is left."""

import numpy as np
import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.backbone import Backbone
from adapt_learning.generation.decgan.batches import in_groups
from adapt_learning.generation.decgan.class_normal import ClassNormal, class_means

FITTED = 8000
"""Pictures are enough to take moments from."""


class ClassMoments:
    """
    Codes and bases of the parts of z, the mean of the generator's own encoder.

    z_a is the mean of the class. z_c is what is left, in the directions in which it varies most,
    brought to the same covariance in every class: z_c + z_a is near z, but not z.
    """

    def __init__(self, backbone: Backbone, classifier: nn.Module, images: np.ndarray,
                 content_code: int):
        if not 0 < content_code <= backbone.config.latent:
            raise SettingError(f'content_code lies in 1..{backbone.config.latent}, the elements of '
                               f'z; got {content_code}')
        self._encoder, self._classifier = backbone.encoder, classifier
        with torch.no_grad():
            found = [self._latents(some) for some in in_groups(images)]
            z, shares = (torch.cat(part) for part in zip(*found, strict=True))
            self._fit(z.double(), shares.double(), content_code)

    def _fit(self, z: Tensor, shares: Tensor, content_code: int) -> None:
        weights, means = class_means(z, shares)
        rest = z - shares @ means
        within = torch.einsum('nk,ni,nj->ij', weights, rest, rest) / len(means)
        values, vectors = torch.linalg.eigh(within)
        values, vectors = values.flip(0)[:content_code], vectors.flip(1)[:, :content_code]
        values = values.clamp(min=1e-8)
        centre = means.mean(0)
        _, sizes, directions = torch.linalg.svd(means - centre, full_matrices=False)
        # Means around their centre have one direction less than there are classes.
        directions, sizes = directions[:len(means) - 1], sizes[:len(means) - 1]
        sizes = sizes.clamp(min=1e-8) / len(means)**0.5
        self._means = means.float()
        self._to_attribute = (directions.T / sizes).float()
        self.centre = centre.float()
        """z [latent] of attribute code 0."""
        self.content_map = (vectors * values**-0.5).float()
        """From z to the raw code of content [latent, content_code]."""
        self.content_basis = (vectors * values**0.5).float()
        """From the code of content to z_c [latent, content_code]."""
        self.attribute_basis = (directions.T * sizes).float()
        """From the code of the attribute to z_a - centre [latent, classes - 1]."""
        self._normal = ClassNormal(content_code, len(means))
        self._normal.fit(z.float() @ self.content_map, shares.float())

    def codes(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return codes of content and attribute; elements have mean 0 and variance 1."""
        z, shares = self._latents(images)
        attribute = (shares @ self._means - self.centre) @ self._to_attribute
        return self._normal(z @ self.content_map, shares), attribute

    def _latents(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self._encoder(images)[0], self._classifier(images).softmax(1)
