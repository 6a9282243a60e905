"""Diffusion Policy (Chi et al., RSS 2023) in its form for state vectors: actions out of noise.

A network learns to predict the noise in a noisy action, given the observation (DDPM, T = 100), or
the action itself (`prediction`). The policy begins with noise and removes it, in a few DDIM steps
or by ancestral sampling (DDPM).

One action per observation, as in the dissertation's baseline, or a chunk of them as in the paper:
H actions are noised and denoised together, n of them are executed before the policy looks again.
The runner limits, judges and can stop every single one.

The noise that an action is made of is computed from the observation (`start_noise`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from adapt_learning.diffusion.ancestral import ancestral
from adapt_learning.diffusion.ddim import ddim, ddim_times
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig
from adapt_learning.policies.from_noise import NoisePolicy, NoisePolicyConfig, Solver
from adapt_learning.stacked.config import later, one_of


@dataclass(frozen=True)
class _Sampler:
    walk: Callable[..., Tensor]
    noisy: bool
    """Whether every step takes noise of its own."""


_SAMPLERS = {'ddim': _Sampler(ddim, noisy=False), 'ddpm': _Sampler(ancestral, noisy=True)}


@dataclass(frozen=True)
class DiffusionPolicyConfig(NoisePolicyConfig):
    """Settings of the diffusion policy."""

    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(kind='squaredcos_cap_v2', steps=100))
    inference_steps: int = 10
    """Denoising steps of one action or chunk."""
    sampler: str = later('ddim')
    """ddim (deterministic, few steps) or ddpm (ancestral; all T steps as published)."""
    prediction: str = later('noise')
    """
    What the network says: the noise in x_t, as published, or the action (x_0). At high levels,
    where the action is decided, an error of the action hardly shows in the noise; short trainings
    on data with jumps (Maze) learn the action much sooner.
    """

    def __post_init__(self):
        super().__post_init__()
        one_of('sampler', self.sampler, tuple(_SAMPLERS))
        one_of('prediction', self.prediction, ('noise', 'action'))
        ddim_times(self.schedule.steps, self.inference_steps)


class DiffusionPolicy(NoisePolicy):
    """K conditional diffusion models of actions."""

    Config = DiffusionPolicyConfig
    inference_settings = (*NoisePolicy.inference_settings, 'sampler')
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
    def rounding(self) -> float:
        """Return more where the last step blows up its rounding: a single step, from pure noise."""
        last = self.times[-1]
        return max(super().rounding,
                   1e-6 * float(self.schedule.sigma[last] / self.schedule.signal[last]))

    @property
    def draws(self) -> int:
        """Return 1 for DDIM, and one draw per step for ancestral sampling."""
        return len(self.times) if self.sampler.noisy else 1

    @property
    def sampler(self) -> _Sampler:
        """Return how the noise is removed."""
        return _SAMPLERS[self.config.sampler]

    @property
    def solver(self) -> Solver:
        """Return DDIM or DDPM."""
        walk, schedule, times = self.sampler.walk, self.schedule, self.times

        def solve(predict: Callable, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
            def estimate(x: Tensor, i: int) -> Tensor:
                return schedule.clean(x, times[i], predict(x, i))
            said = predict if self.says_action else estimate
            return walk(said, schedule, times, noise, low, high)
        return solve

    def noised(self, action: Tensor, t: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return x_t, and what the network should say of it."""
        return self.schedule.noisy(action, t, noise), action if self.says_action else noise
