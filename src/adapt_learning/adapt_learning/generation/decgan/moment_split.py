"""The free baseline that knows what dec-GAN knows: the moments of classes of z."""

import numpy as np
from torch import Tensor, nn

from adapt_learning.generation.decgan.backbone import Backbone
from adapt_learning.generation.decgan.class_moments import ClassMoments
from adapt_learning.generation.decgan.split import Split

_CONTENT_CODE = 8
"""Directions of content: with more, swaps look less like the donor's class."""


class MomentSplit(Split):
    """z_a: the mean of the class that C tells; z_c: see `ClassMoments`. Nothing is trained."""

    def __init__(self, backbone: Backbone, classifier: nn.Module, images: np.ndarray):
        super().__init__(backbone)
        code = min(_CONTENT_CODE, backbone.config.latent)
        self._moments = ClassMoments(self.backbone, classifier.eval(), images, code)

    def parts_of(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_c and z_a of the mean of z."""
        content, attribute = self._moments.codes(images)
        return (content @ self._moments.content_basis.T,
                attribute @ self._moments.attribute_basis.T + self._moments.centre)
