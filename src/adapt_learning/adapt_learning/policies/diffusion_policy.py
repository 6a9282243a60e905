"""Diffusion Policy (Chi et al., RSS 2023) in its form for state vectors: actions out of noise.

A network learns to predict the noise in a noisy action, given the observation (DDPM, T = 100). The
policy begins with noise and removes it in a few DDIM steps.

One action per observation: there are no chunks, so the horizon of prediction and the number of
executed actions are both 1. The runner asks for a command at every tick and limits, judges and
stops each; a chunk that is executed blindly has no place in it.

The noise that an action begins with is computed from the observation (`start_noise`).
"""

from dataclasses import dataclass, field

from torch import Tensor

from adapt_learning.diffusion.ddim import ddim, ddim_times
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig
from adapt_learning.policies.from_noise import NoisePolicy, NoisePolicyConfig, Solver


@dataclass(frozen=True)
class DiffusionPolicyConfig(NoisePolicyConfig):
    """Settings of the diffusion policy."""

    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(kind='squaredcos_cap_v2', steps=100))
    inference_steps: int = 10
    """DDIM steps of one action."""

    def __post_init__(self):
        super().__post_init__()
        ddim_times(self.schedule.steps, self.inference_steps)


class DiffusionPolicy(NoisePolicy):
    """K conditional diffusion models of actions."""

    Config = DiffusionPolicyConfig
    stream = 'diffusion weights'

    def __init__(self, config: DiffusionPolicyConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.schedule = NoiseSchedule(config.schedule)

    @property
    def levels(self) -> int:
        """Return T."""
        return self.config.schedule.steps

    @property
    def times(self) -> tuple[int, ...]:
        """Return the noising steps that inference visits."""
        return ddim_times(self.levels, self.config.inference_steps)

    @property
    def solver(self) -> Solver:
        """Return DDIM."""
        schedule, times = self.schedule, self.times
        return lambda predict, noise, low, high: ddim(predict, schedule, times, noise, low, high)

    def noised(self, action: Tensor, t: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return x_t and the noise in it."""
        return self.schedule.noisy(action, t, noise), noise
