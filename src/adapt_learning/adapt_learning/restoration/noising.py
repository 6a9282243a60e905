"""Noising steps by their number n = 0..T, where 0 is the value itself; forward and backward.

x_n = alpha_n x_0 + sigma_n epsilon (dissertation eq. 3.9, alpha_n = sqrt(alpha_bar_n)). The
schedule of `diffusion.schedules` counts t from 0 with one step of noise on it: n = t + 1.
"""

import torch
from torch import Tensor

from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig


class Noising:
    """The numbers of a schedule at n = 0..T."""

    def __init__(self, config: ScheduleConfig):
        schedule = NoiseSchedule(config)
        self.steps = config.steps
        """T."""
        self.alpha = torch.cat([torch.ones(1), schedule.signal])
        self.sigma = torch.cat([torch.zeros(1), schedule.sigma])

    def noisy(self, x: Tensor, n: Tensor, noise: Tensor) -> Tensor:
        """Return x_n; x and noise [..., D], n int64 [...] in 0..T."""
        return self.alpha[n][..., None] * x + self.sigma[n][..., None] * noise

    def spread(self, x: Tensor, n: Tensor, noise: Tensor) -> Tensor:
        """
        Return x_n / alpha_n = x_0 + (sigma_n / alpha_n) noise: what a polluted value looks like.

        Pollution adds noise and leaves the value its size; x_n shrinks it. Same arguments.
        """
        return x + (self.sigma[n] / self.alpha[n])[..., None] * noise

    def back(self, x: Tensor, clean: Tensor, n: int, noise: Tensor | None) -> Tensor:
        """
        Draw x_{n-1} given x_n [B, D] and the estimate of x_0 [B, D] (Ho et al. 2020, eq. 6-7).

        noise None gives the mean.
        """
        now, before = self.alpha[n] ** 2, self.alpha[n - 1] ** 2
        beta = 1 - now / before
        mean = (before.sqrt() * beta * clean
                + (now / before).sqrt() * (1 - before) * x) / (1 - now)
        if noise is None or n == 1:
            return mean
        return mean + (beta * (1 - before) / (1 - now)).sqrt() * noise
