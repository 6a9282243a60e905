"""The free baseline: Fisher's linear discriminant splits z without any training of networks."""

import numpy as np
import torch
from torch import Tensor

from adapt_learning.generation.decgan.backbone import Backbone
from adapt_learning.generation.decgan.split import Split, WholeLatent

_RIDGE = 1e-4
"""Of the within-class covariance, relative to its mean variance."""


class LinearSplit(Split):
    """
    z_a: z's part in the discriminant directions; z_c: the rest, so z = z_c + z_a exactly.

    In coordinates where pictures of one class have unit covariance, the directions are the span
    of the class means (Fisher 1936, Rao 1948), and the split is an orthogonal projection.
    """

    def __init__(self, backbone: Backbone, images: np.ndarray, labels: np.ndarray):
        super().__init__(backbone)
        z = WholeLatent(backbone).parts(images).attribute.double().numpy()
        means = np.stack([z[labels == one].mean(0) for one in np.unique(labels)])
        inner = z - means[np.searchsorted(np.unique(labels), labels)]
        covariance = inner.T @ inner / len(z)
        covariance += _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        values, vectors = np.linalg.eigh(covariance)
        whiten = vectors * values**-0.5
        colour = vectors * values**0.5
        centred = (means - means.mean(0)) @ whiten
        _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
        directions = directions[sizes > 1e-6 * sizes[0]]
        self._centre = torch.from_numpy(means.mean(0)).float()
        self._projection = torch.from_numpy(
            whiten @ directions.T @ directions @ colour.T).float()

    def parts_of(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_c and z_a of the mean of z."""
        z, _ = self.backbone.encoder(images)
        attribute = (z - self._centre) @ self._projection
        return z - attribute, attribute
