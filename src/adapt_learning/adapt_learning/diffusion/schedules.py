"""Noise schedules, held by diffusers' schedulers.

The schedule says how much of a sample is left after t noising steps:
x_t = sqrt(alpha_bar_t) x + sqrt(1 - alpha_bar_t) epsilon (Ho et al. 2020, eq. 4). The dissertation
calls the step n and the number of steps N; here they are t in 0..T-1 and T.
"""

from dataclasses import dataclass

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor, nn

from adapt_learning.errors import SettingError

KINDS = ('linear', 'squaredcos_cap_v2', 'sigmoid')
SAMPLERS = {'ddpm': DDPMScheduler, 'ddim': DDIMScheduler}


@dataclass(frozen=True)
class ScheduleConfig:
    """Which noise is added at which step."""

    kind: str = 'sigmoid'
    """sigmoid: the published betas of DBC; linear: DDPM; squaredcos_cap_v2: improved DDPM."""
    steps: int = 1000
    """T, the number of noising steps."""
    beta_start: float = 1e-4
    """First beta of linear and sigmoid, for T = 1000."""
    beta_end: float = 0.02
    """Last beta of linear and sigmoid, for T = 1000."""

    def __post_init__(self):
        if self.kind not in KINDS:
            raise SettingError(f"there is no noise schedule '{self.kind}'; allowed: "
                               f"{', '.join(KINDS)}")
        if not 2 <= self.steps <= 10_000:
            raise SettingError(f'a noise schedule has 2..10000 steps; got {self.steps}')
        if not 0 < self.beta_start <= self.beta_end < 1:
            raise SettingError('betas must rise within 0..1: beta_start <= beta_end; got '
                               f'{self.beta_start} and {self.beta_end}')


def make_scheduler(config: ScheduleConfig, sampler: str = 'ddpm') -> DDPMScheduler | DDIMScheduler:
    """
    Return diffusers' scheduler of a schedule; `sampler` is 'ddpm' or 'ddim'.

    Betas of linear and sigmoid are multiplied with 1000/T, so that the last step holds the same
    amount of noise whatever T is (T = 1000 gives exactly the published numbers).
    """
    if sampler not in SAMPLERS:
        raise SettingError(f"there is no sampler '{sampler}'; allowed: {', '.join(SAMPLERS)}")
    settings = {'num_train_timesteps': config.steps, 'clip_sample': False}
    if config.kind == 'squaredcos_cap_v2':
        return SAMPLERS[sampler](beta_schedule='squaredcos_cap_v2', **settings)
    return SAMPLERS[sampler](trained_betas=_betas(config).tolist(), **settings)


class NoiseSchedule(nn.Module):
    """
    The closed form of a scheduler for stacked batches.

    diffusers' `add_noise` takes one batch axis; ours are [K, B]. The numbers are the scheduler's.
    """

    def __init__(self, config: ScheduleConfig):
        super().__init__()
        # float32, as diffusers holds them.
        left = make_scheduler(config).alphas_cumprod
        self.steps = config.steps
        self.register_buffer('signal', left.sqrt(), persistent=False)
        self.register_buffer('sigma', (1 - left).sqrt(), persistent=False)

    def noisy(self, x: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """Return x_t; x and noise [..., D], t int64 [...] in 0..T-1."""
        return self.signal[t][..., None] * x + self.sigma[t][..., None] * noise

    def clean(self, noisy: Tensor, t: int, noise: Tensor) -> Tensor:
        """Return the x_0 that belongs to x_t = `noisy` and the noise in it, both [..., D]."""
        return (noisy - self.sigma[t] * noise) / self.signal[t]


def _betas(config: ScheduleConfig) -> Tensor:
    start, end = config.beta_start, config.beta_end
    if config.kind == 'linear':
        betas = torch.linspace(start, end, config.steps, dtype=torch.float64)
    else:
        ramp = torch.linspace(-6, 6, config.steps, dtype=torch.float64).sigmoid()
        # The published code clips from below; its betas never reach the bound.
        betas = (ramp * (end - start) + start).clamp_min(start)
    return (betas * (1000 / config.steps)).clamp_max(0.999)
