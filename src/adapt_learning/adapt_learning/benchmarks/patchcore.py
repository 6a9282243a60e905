"""PatchCore (Roth et al., CVPR 2022, arXiv 2106.08265) as published, to compare speed with.

The two coarser levels of a backbone, averaged over 3 x 3 neighbourhoods and joined on the finer
grid; a core-set of the references' patches; the distance to the nearest one, the largest of a
picture re-weighted by how many others of the core-set are as near (eq. 7).
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.detectors.backbone import Backbone
from adapt_learning.errors import SettingError
from adapt_learning.inspection.bank import farthest_first

CORESET = 0.1
"""Share of the patches that is kept, the paper's usual one."""
NEIGHBORS = 9
"""b of eq. 7; the paper does not say how many."""
_SIGMA_PX = 4.0
"""Of the Gaussian over the map."""


class PatchCore(nn.Module):
    """A picture uint8 [1, n, n, 3] and a core-set [N, D] -> map [n, n] and score []."""

    def __init__(self, backbone: Backbone, input_px: int = 256):
        super().__init__()
        self.backbone, self.input_px = backbone, input_px
        reach = ceil(4 * _SIGMA_PX)
        x = torch.arange(-reach, reach + 1, dtype=torch.float32)
        kernel = torch.exp(-0.5 * (x / _SIGMA_PX) ** 2)
        self.register_buffer('kernel', kernel / kernel.sum())

    def patches(self, image: Tensor) -> Tensor:
        """Return the patches [B, grid * grid, D] of pictures uint8 [B, n, n, 3]."""
        picture = image.permute(0, 3, 1, 2).to(torch.float32) / 255
        fine, coarse = (functional.avg_pool2d(x, 3, 1, 1) for x in self.backbone(picture)[-2:])
        coarse = functional.interpolate(coarse, size=fine.shape[-2:], mode='bilinear',
                                        align_corners=False)
        return torch.cat((fine, coarse), dim=1).flatten(2).transpose(1, 2)

    def forward(self, image: Tensor, bank: Tensor) -> tuple[Tensor, Tensor]:
        """Judge a picture."""
        query = self.patches(image)[0]
        distance, nearest = _distances(query, bank).min(dim=1)
        grid = round(len(query) ** 0.5)
        return self._map(distance.view(1, 1, grid, grid)), _score(query, bank, distance, nearest)

    def _map(self, distance: Tensor) -> Tensor:
        x = functional.interpolate(distance, size=(self.input_px, self.input_px), mode='bilinear',
                                   align_corners=False)
        reach = len(self.kernel) // 2
        x = functional.conv2d(functional.pad(x, (reach, reach, 0, 0), mode='replicate'),
                              self.kernel.view(1, 1, 1, -1))
        x = functional.conv2d(functional.pad(x, (0, 0, reach, reach), mode='replicate'),
                              self.kernel.view(1, 1, -1, 1))
        return x[0, 0]


def fit(model: PatchCore, pictures: Sequence[np.ndarray], share: float = CORESET) -> np.ndarray:
    """
    Return the core-set [N, D] of reference pictures uint8 [n, n, 3].

    SettingError where it would have fewer rows than eq. 7 asks about.
    """
    with torch.no_grad():
        rows = torch.cat([model.patches(torch.from_numpy(picture)[None])[0]
                          for picture in pictures]).numpy()
    count = ceil(share * len(rows))
    if count < NEIGHBORS:
        raise SettingError(f'a core-set has at least {NEIGHBORS} rows; {share:g} of {len(rows)} '
                           f'patches are {count}: give more or larger pictures')
    return np.ascontiguousarray(rows[farthest_first(rows, count)])


def _score(query: Tensor, bank: Tensor, distance: Tensor, nearest: Tensor) -> Tensor:
    """Return eq. 7: the largest distance s*, times 1 - exp(s*) / sum of exp over the neighbours."""
    oddest = distance.argmax(dim=0, keepdim=True)
    largest, patch = distance[oddest], query[oddest]
    near = bank[nearest[oddest]]
    around = bank[_distances(near, bank)[0].topk(NEIGHBORS, largest=False).indices]
    weight = 1 - torch.exp(largest - _distances(patch, around)[0].logsumexp(dim=0))
    return (weight * largest)[0]


def _distances(a: Tensor, b: Tensor) -> Tensor:
    squares = (a * a).sum(1, keepdim=True) + (b * b).sum(1) - 2 * (a @ b.T)
    return squares.clamp_min(0).sqrt()
