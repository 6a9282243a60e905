"""The noise-prediction loss of eq. 3.2, per sample."""

from torch import Tensor, cat

from adapt_learning.diffusion.denoiser import Denoiser
from adapt_learning.diffusion.schedules import NoiseSchedule
from adapt_learning.stacked.layers import MemberRandom


def noise_prediction_error(denoiser: Denoiser, schedule: NoiseSchedule, pair: Tensor, t: Tensor,
                           noise: Tensor, embedded: Tensor | None = None) -> Tensor:
    """
    Return mean_D (phi(x_t, t) - epsilon)^2 of every sample, [K, B] (dissertation eq. 3.2).

    pair [K, B, D] is state and action joined, normalised; t int64 [K, B]; noise [K, B, D].
    The draws are handed in, because eq. 3.5 compares two pairs under the same t and the same
    noise; gradients flow into `pair` (eq. 3.3: into the action) and into the denoiser.
    `embedded` is `denoiser.embed(t)` where it is known already.
    As in the published code the norm is the mean over the D dimensions, not the sum.
    """
    embedded = denoiser.embed(t) if embedded is None else embedded
    predicted = denoiser(schedule.noisy(pair, t, noise), embedded)
    return (predicted - noise).square().mean(-1)


def draw_steps(random: MemberRandom, low: int, high: int, *shape: int,
               antithetic: bool = False) -> Tensor:
    """
    Return noising steps from low..high-1, int64 [K, *shape]; the last axis is the batch.

    antithetic (as published for training the diffusion model): the second half of the batch gets
    the mirror images of the first half, so every batch has the same mean step and the loss
    fluctuates less.
    """
    if not antithetic:
        return random.integers(low, high, *shape)
    *head, batch = shape
    first = random.integers(low, high, *head, (batch + 1) // 2)
    return cat([first, low + high - 1 - first[..., :batch // 2]], dim=-1)
