"""What training remembers of the surfaces it learns from: maps of the backbone, with labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from adapt_learning.detectors.backbone import Backbone
from adapt_learning.errors import DatasetError

_BATCH = 16


@dataclass(frozen=True)
class DomainMaps:
    """One surface: the maps of all its pictures."""

    name: str
    maps: list[Tensor]
    """Per level of the backbone, float16 [N, C, h, w]: half the memory, enough to learn from."""
    abnormal: Tensor
    """Labels of the pictures, bool [N]."""

    @property
    def good(self) -> Tensor:
        """Return the indices of the good pictures."""
        return torch.nonzero(~self.abnormal).flatten()

    @property
    def bad(self) -> Tensor:
        """Return the indices of the abnormal pictures."""
        return torch.nonzero(self.abnormal).flatten()

    def some(self, index: Tensor) -> list[Tensor]:
        """Return the maps of some pictures, float32."""
        return [x[index].float() for x in self.maps]


def domain_maps(name: str, backbone: Backbone, pictures: Iterable[np.ndarray],
                abnormal: Sequence[bool]) -> DomainMaps:
    """
    Return the maps of pictures uint8 [n, n, 3] RGB of one surface.

    DatasetError unless it has two good pictures (query and reference) and an abnormal one.
    """
    labels = torch.tensor(list(abnormal), dtype=torch.bool)
    if (~labels).sum() < 2 or not labels.any():
        raise DatasetError(
            f'a surface to learn from has at least two good and one abnormal picture; {name} has '
            f'{int((~labels).sum())} and {int(labels.sum())}: leave it out or add pictures')
    batches: list[list[Tensor]] = []
    pending: list[np.ndarray] = []
    backbone.eval()
    with torch.no_grad():
        for picture in pictures:
            pending.append(picture)
            if len(pending) == _BATCH:
                batches.append(_maps(backbone, pending))
                pending = []
        if pending:
            batches.append(_maps(backbone, pending))
    return DomainMaps(name, [torch.cat(level) for level in zip(*batches, strict=True)], labels)


def as_tensor(pictures: Sequence[np.ndarray]) -> Tensor:
    """Return pictures uint8 [n, n, 3] as float32 [B, 3, n, n] in 0..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def _maps(backbone: Backbone, pictures: Sequence[np.ndarray]) -> list[Tensor]:
    return [x.half() for x in backbone(as_tensor(pictures))]
