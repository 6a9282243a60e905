"""DDIM with noise on the way, and how likely each of its steps is (for learning by reward)."""

import math

import torch
from diffusers import DDIMScheduler
from torch import Tensor

from adapt_learning.errors import SettingError

_LEAST_SPREAD = 1e-6
"""A step below it has no density: only the last one, where a schedule ends without noise."""


class Transitions:
    """
    p(x_next | x_t) of a scheduler's steps: Gaussians (Song et al., ICLR 2021, eq. 12 and 16).

    Steps are counted from 0 (from pure noise) to n - 1 (to x_0); `times` int64 [n] are those that
    the denoiser is asked at. All numbers are those of diffusers' DDIMScheduler.
    """

    def __init__(self, scheduler: DDIMScheduler, steps: int, eta: float = 1.0,
                 device: torch.device | str = 'cpu'):
        total = scheduler.config.num_train_timesteps
        if not 1 <= steps <= total:
            raise SettingError(f'DDIM makes 1..{total} steps with this schedule; got {steps}')
        if not 0 <= eta <= 1:
            raise SettingError(f'eta of DDIM lies in 0..1; got {eta}')
        scheduler.set_timesteps(steps)
        self.times = scheduler.timesteps.to(device)
        left = scheduler.alphas_cumprod.to(device)
        later = self.times - total // steps
        after = torch.where(later >= 0, left[later.clamp_min(0)],
                            scheduler.final_alpha_cumprod.to(device))
        now = left[self.times]
        variance = (1 - after) / (1 - now) * (1 - now / after)
        self.signal, self.sigma = now.sqrt(), (1 - now).sqrt()
        self.spread = eta * variance.clamp_min(0).sqrt()
        """Standard deviation of every step, [n]."""
        self.later_signal = after.sqrt()
        self.kept_noise = (1 - after - self.spread.square()).clamp_min(0).sqrt()
        self.kind = scheduler.config.prediction_type
        self.bound = scheduler.config.clip_sample_range if scheduler.config.clip_sample else None

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.times)

    @property
    def random_steps(self) -> Tensor:
        """Return the steps that have a density, int64; those without noise teach nothing."""
        return (self.spread > _LEAST_SPREAD).nonzero().flatten()

    def mean(self, x: Tensor, output: Tensor, step: Tensor) -> Tensor:
        """
        Return the mean of what follows x [B, ...].

        `output` is the denoiser's, in the kind of the scheduler (noise, velocity or sample); step
        int64 [B].
        """
        signal, sigma = _as(self.signal[step], x), _as(self.sigma[step], x)
        if self.kind == 'epsilon':
            clean, noise = (x - sigma * output) / signal, output
        elif self.kind == 'v_prediction':
            clean, noise = signal * x - sigma * output, signal * output + sigma * x
        else:
            clean, noise = output, (x - signal * output) / sigma
        if self.bound is not None:
            clean = clean.clamp(-self.bound, self.bound)
        return (_as(self.later_signal[step], x) * clean + _as(self.kept_noise[step], x) * noise)

    def follow(self, mean: Tensor, noise: Tensor, step: Tensor) -> Tensor:
        """Return a draw [B, ...] from standard normal `noise`."""
        return mean + _as(self.spread[step], mean) * noise

    def log_probability(self, later: Tensor, mean: Tensor, step: Tensor) -> Tensor:
        """
        Return log p(later | x) [B], as the mean over elements.

        The mean and not the sum, as in all published code of DDPO and its successors: their clips
        belong to it. Steps without noise have no density; their number is meaningless.
        """
        spread = _as(self.spread[step], mean).clamp_min(_LEAST_SPREAD)
        log_density = (-0.5 * ((later - mean) / spread).square() - spread.log()
                       - 0.5 * math.log(2 * math.pi))
        return log_density.flatten(1).mean(1)


def _as(values: Tensor, x: Tensor) -> Tensor:
    """Return values [B] so that they multiply x [B, ...]."""
    return values.view(-1, *[1] * (x.dim() - 1)).to(x.dtype)
