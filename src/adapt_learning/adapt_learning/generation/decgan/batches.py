"""Batches of pictures for the trainings of this package."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

AT_ONCE = 500
"""Pictures per call of a network where nothing is learnt."""


def as_images(images: np.ndarray) -> Tensor:
    """Return pictures uint8 [B, S, S, C] as float32 [B, C, S, S] in 0..1."""
    moved = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    return moved.to(torch.float32).div_(255)


def in_groups(images: np.ndarray) -> Iterator[Tensor]:
    """Yield pictures uint8 [N, S, S, C] as `as_images` does, as many as go through at once."""
    for i in range(0, len(images), AT_ONCE):
        yield as_images(images[i:i + AT_ONCE])


class Batches:
    """Draws pictures with their classes, without end."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, size: int):
        self._images, self._labels, self.size = images, torch.from_numpy(labels), size

    def draw(self, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return pictures float32 [B, C, S, S] and classes int64 [B]."""
        chosen = torch.randint(len(self._images), (self.size,), generator=random)
        return as_images(self._images[chosen.numpy()]), self._labels[chosen]
