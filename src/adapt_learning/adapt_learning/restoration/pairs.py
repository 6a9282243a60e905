"""What the losses of restorers see."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from adapt_learning.stacked.stage import Samples


@dataclass(frozen=True)
class Pairs(Samples):
    """Clean values with their conditions, normalised."""

    value: Tensor
    """float32 [1, B, D]."""
    condition: Tensor
    """float32 [1, B, C]."""

    @classmethod
    def of(cls, values: np.ndarray, condition: np.ndarray) -> 'Pairs':
        """Take values [B, D] and conditions [B, C]."""
        return cls(torch.from_numpy(np.ascontiguousarray(values, np.float32))[None],
                   torch.from_numpy(np.ascontiguousarray(condition, np.float32))[None])
