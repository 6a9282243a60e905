"""How far surfaces are from each other: Fréchet distance of pooled features (table 1.2).

Not the FID of the literature, whose features are those of Inception: here they are those of the
coarsest level of a backbone, averaged over the picture. Numbers of different backbones cannot be
compared with each other, nor with FIDs elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.benchmarks.inspect_detectors import weights_hash
from adapt_learning.benchmarks.inspect_domains import DomainSource, needed_jobs
from adapt_learning.benchmarks.inspect_job import draw_references
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.errors import SettingError
from adapt_learning.inspection.datasets import load_domain
from adapt_learning.inspection.pictures import to_input

_INPUT_PX = 256
_BATCH = 16
_PICTURE_S = 0.05


@dataclass(frozen=True)
class DistanceJob(Job):
    """Measure the distance of every pair of surfaces."""

    kind = 'distance'

    domains: tuple[DomainSource, ...]
    backbone: str
    weights: Path
    pictures: int = 100
    """At most so many good pictures of each surface; all surfaces give the same number."""

    def __post_init__(self):
        if len(self.domains) < 2 or self.pictures < 2:
            raise SettingError('distances are those of at least two surfaces with two pictures '
                               f'each; got {len(self.domains)} and {self.pictures}')

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the surfaces that are still to be drawn."""
        return needed_jobs(self.domains)

    @property
    def label(self) -> str:
        """Return e.g. mobilenet_v2-4."""
        return f'{self.backbone}-{len(self.domains)}'

    @property
    def command(self) -> str:
        """Return a command line that measures the same beside others."""
        return ('adapt inspect bench --domains DIR --backbone '
                f'{self.backbone} --weights {self.weights.name}')

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return _PICTURE_S * len(self.domains) * self.pictures

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hashes of pictures and weights."""
        return {'domains': {one.name: one.digest(place) for one in self.domains},
                'backbone': self.backbone, 'weights': weights_hash(self.weights),
                'pictures': self.pictures}

    def has_product(self, place: Workplace) -> bool:
        """Return True: nobody needs more than the result."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Return the names and the matrix of distances."""
        domains = [load_domain(one.folder(place)) for one in self.domains]
        # The distance of few pictures is too large; of equal numbers it is so for all pairs alike.
        count = min(self.pictures, *(len(one.train) for one in domains))
        features = [pooled_features(
            self.backbone, self.weights,
            [sample.picture() for sample in draw_references(one.train, count, 0)])
            for one in domains]
        size = len(domains)
        matrix = np.zeros((size, size))
        for i in range(size):
            for j in range(i):
                matrix[i, j] = matrix[j, i] = frechet_distance(features[i], features[j])
        return {'names': [one.name for one in domains], 'pictures': count,
                'features': features[0].shape[1], 'matrix': matrix.round(4).tolist()}


def pooled_features(backbone: str, weights: Path, pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Return the coarsest level of a backbone, averaged over each picture, float64 [N, D]."""
    import torch

    from adapt_learning import catalog
    from adapt_learning.detectors.backbone import load_weights
    from adapt_learning.detectors.domains import as_tensor
    network = catalog.load('backbone', backbone)()
    load_weights(network, weights)
    network.eval()
    views = [to_input(picture, _INPUT_PX) for picture in pictures]
    with torch.no_grad():
        pooled = [network(as_tensor(views[i:i + _BATCH]))[-1].mean((2, 3))
                  for i in range(0, len(views), _BATCH)]
    return torch.cat(pooled).double().numpy()


def frechet_distance(one: np.ndarray, other: np.ndarray) -> float:
    """
    Return the squared Fréchet distance of the Gaussians fitted to [N, D] and [M, D].

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) (Dowson and Landau 1982). The trace of the root is
    the sum of the roots of the eigenvalues of C1^(1/2) C2 C1^(1/2), which is symmetric: nothing
    complex can come out, however few pictures there are.
    """
    means, covariances = zip(*((x.mean(0), np.atleast_2d(np.cov(x, rowvar=False)))
                               for x in (one, other)), strict=True)
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ covariances[1] @ root).clip(0)).sum()
    apart = float(((means[0] - means[1]) ** 2).sum())
    return max(0.0, apart + float(np.trace(covariances[0]) + np.trace(covariances[1]))
               - 2 * float(shared))
