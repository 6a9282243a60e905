"""DDIM (Song et al., ICLR 2021): from noise to a sample in a few deterministic steps."""

from collections.abc import Callable

import torch
from torch import Tensor

from adapt_learning.diffusion.schedules import NoiseSchedule
from adapt_learning.errors import SettingError


def ddim_times(schedule_steps: int, steps: int) -> tuple[int, ...]:
    """Return the noising steps that are visited, falling from T-1, evenly spaced ('trailing')."""
    if not 1 <= steps <= schedule_steps:
        raise SettingError(f'DDIM makes 1..{schedule_steps} steps with this schedule; got {steps}')
    return tuple(round(schedule_steps * (steps - i) / steps) - 1 for i in range(steps))


def ddim(estimate: Callable[[Tensor, int], Tensor], schedule: NoiseSchedule, times: tuple[int, ...],
         noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """
    Return x_0 [..., D], from x_T = `noise` (eq. 12 with eta = 0).

    `estimate(x_t, i)` is the predicted x_0 at `times[i]`. It is held within low..high [D]: where
    the schedule leaves next to nothing of the sample, an estimate from the predicted noise divides
    by what is left and blows up the smallest error.
    """
    x = noise
    for i, t in enumerate(times):
        signal, sigma = schedule.signal[t], schedule.sigma[t]
        sample = torch.minimum(torch.maximum(estimate(x, i), low), high)
        if i == len(times) - 1:
            return sample
        later = times[i + 1]
        # The noise that goes with the held sample, so that both stay consistent with x_t.
        predicted = (x - signal * sample) / sigma
        x = schedule.signal[later] * sample + schedule.sigma[later] * predicted
    return x
