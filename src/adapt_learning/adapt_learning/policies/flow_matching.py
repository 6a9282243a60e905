"""
Flow matching (Lipman et al., ICLR 2023) for actions: noise flows to an action on straight lines.

x_tau = (1 - tau) x_0 + tau a goes from noise x_0 (tau 0) to the demonstrated action a (tau 1). A
network learns the velocity a - x_0 at x_tau, given the observation; to act, the policy follows it
from noise in a few Euler steps. The lines are straight, so few steps suffice.

One action per observation or a chunk of them, and noise by observation, as in `diffusion_policy`.
"""

from dataclasses import dataclass

from torch import Tensor

from adapt_learning.diffusion.euler import euler
from adapt_learning.errors import SettingError
from adapt_learning.policies.from_noise import NoisePolicy, NoisePolicyConfig, Solver


@dataclass(frozen=True)
class FlowMatchingConfig(NoisePolicyConfig):
    """Settings of flow matching."""

    resolution: int = 100
    """tau is one of 0, 1/resolution, ..., 1 - 1/resolution."""
    inference_steps: int = 5
    """Euler steps of one action or chunk."""

    def __post_init__(self):
        super().__post_init__()
        if not 1 <= self.inference_steps <= self.resolution:
            raise SettingError('inference_steps lies in 1..resolution; got '
                               f'{self.inference_steps} and a resolution of {self.resolution}')


class FlowMatching(NoisePolicy):
    """K conditional velocity fields of actions: what the denoiser predicts is the velocity."""

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
        lengths = self.lengths
        return lambda predict, noise, low, high: euler(predict, lengths, noise, low, high)

    def noised(self, action: Tensor, t: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return x_tau and the velocity there."""
        tau = (t / self.levels)[..., None]
        return (1 - tau) * noise + tau * action, action - noise
