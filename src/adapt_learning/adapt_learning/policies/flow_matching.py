"""
Flow matching (Lipman et al., ICLR 2023) for actions: noise flows to an action on straight lines.

x_tau = (1 - tau) x_0 + tau a goes from noise x_0 (tau 0) to the demonstrated action a (tau 1). A
network learns the velocity a - x_0 at x_tau, given the observation, or the action a, which says the
same: the velocity is (a - x_tau) / (1 - tau). To act, the policy follows it from noise in a few
Euler steps. The lines are straight, so few steps suffice.

One action per observation or a chunk of them, and noise by observation, as in `diffusion_policy`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from adapt_learning.diffusion.euler import euler
from adapt_learning.errors import SettingError
from adapt_learning.policies.from_noise import NoisePolicy, NoisePolicyConfig, Solver
from adapt_learning.stacked.config import later, one_of


@dataclass(frozen=True)
class FlowMatchingConfig(NoisePolicyConfig):
    """Settings of flow matching."""

    resolution: int = 100
    """tau is one of 0, 1/resolution, ..., 1 - 1/resolution."""
    inference_steps: int = 5
    """Euler steps of one action or chunk."""
    prediction: str = later('velocity')
    """What the network says: velocity, as published, or action (see `diffusion_policy`)."""

    def __post_init__(self):
        super().__post_init__()
        one_of('prediction', self.prediction, ('velocity', 'action'))
        if not 1 <= self.inference_steps <= self.resolution:
            raise SettingError('inference_steps lies in 1..resolution; got '
                               f'{self.inference_steps} and a resolution of {self.resolution}')


class FlowMatching(NoisePolicy):
    """K conditional velocity fields of actions."""

    Config = FlowMatchingConfig
    stream = 'flow weights'

    @property
    def levels(self) -> int:
        """Return the resolution of tau."""
        return self.config.resolution

    @property
    def times(self) -> tuple[int, ...]:
        """Return tau * resolution at the begin of every Euler step, rising from 0."""
        steps = self.config.inference_steps
        return tuple(round(self.levels * i / steps) for i in range(steps))

    @property
    def lengths(self) -> tuple[float, ...]:
        """Return how far tau goes in every Euler step; together 1."""
        ends = (*self.times[1:], self.levels)
        return tuple((b - a) / self.levels for a, b in zip(self.times, ends, strict=True))

    @property
    def solver(self) -> Solver:
        """Return Euler's method."""
        lengths, times, levels = self.lengths, self.times, self.levels

        def solve(predict: Callable, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
            def velocity(x: Tensor, i: int) -> Tensor:
                return (predict(x, i) - x) / (1 - times[i] / levels)
            return euler(velocity if self.says_action else predict, lengths, noise, low, high)
        return solve

    def noised(self, action: Tensor, t: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return x_tau, and what the network should say of it."""
        tau = (t / self.levels)[..., None]
        return ((1 - tau) * noise + tau * action,
                action if self.says_action else action - noise)
