"""Ancestral sampling (Ho et al., NeurIPS 2020): from noise to a sample, new noise at each step.

Over all T steps this is DDPM. Over some of them it is DDIM with eta = 1 (Song et al., ICLR 2021,
eq. 16), which needs more steps than DDIM for the same sample.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from adapt_learning.diffusion.schedules import NoiseSchedule


def ancestral(estimate: Callable[[Tensor, int], Tensor], schedule: NoiseSchedule,
              times: tuple[int, ...], noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """
    Return x_0 [..., D] from standard normal `noise` [..., n * D], a part for each of the n times.

    The first part is x_T, the others are added on the way. `estimate(x_t, i)` is the predicted x_0
    at `times[i]`; it is held within low..high [D], as in `ddim`. The next x is
    drawn from q(x_s | x_t, x_0) (Ho et al., eq. 6 and 7), whose mean is written as in DDIM: what is
    left of the sample, and of the noise in x_t.
    """
    x, *others = noise.chunk(len(times), -1)
    for i, t in enumerate(times):
        signal, sigma = schedule.signal[t], schedule.sigma[t]
        sample = torch.minimum(torch.maximum(estimate(x, i), low), high)
        if i == len(times) - 1:
            break
        later = times[i + 1]
        kept = signal / schedule.signal[later]
        new = schedule.sigma[later] / sigma * (1 - kept.square()).sqrt()
        old = (schedule.sigma[later].square() - new.square()).clamp_min(0).sqrt()
        predicted = (x - signal * sample) / sigma
        x = schedule.signal[later] * sample + old * predicted + new * others[i]
    return sample
