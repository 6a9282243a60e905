"""Euler's method for flows: from noise to a sample in a few straight steps."""

from collections.abc import Callable

import torch
from torch import Tensor


def euler(predict: Callable[[Tensor, int], Tensor], lengths: tuple[float, ...],
          noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """
    Return x(1) [..., D] from x(0) = `noise`, held within low..high [D].

    `predict(x, i)` is the velocity at the begin of step i, which is `lengths[i]` of time long.
    """
    x = noise
    for i, length in enumerate(lengths):
        x = x + length * predict(x, i)
    return torch.minimum(torch.maximum(x, low), high)
