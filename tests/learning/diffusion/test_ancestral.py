"""Ancestral sampling: DDPM of diffusers step by step, and the right distribution in the end."""

import pytest
import torch

from adapt_learning.diffusion.ancestral import ancestral
from adapt_learning.diffusion.ddim import ddim_times
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig, make_scheduler

CONFIG = ScheduleConfig(kind='squaredcos_cap_v2', steps=20)
WIDE = torch.full((3,), 1e6)


def predict_from(weight):
    """Return a made-up network: some function of x and the step."""
    return lambda x, i: torch.tanh(x @ weight) * (1 + 0.05 * i)


def estimate_by(predict, schedule, times):
    """Return the estimate of x_0 that belongs to the predicted noise."""
    return lambda x, i: schedule.clean(x, times[i], predict(x, i))


def test_over_all_steps_it_is_ddpm():
    """The scheduler draws its own noise; so each of its steps is repeated with ours by its mean."""
    schedule, scheduler = NoiseSchedule(CONFIG), make_scheduler(CONFIG)
    scheduler.set_timesteps(20)
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 3, generator=generator)
    noise = torch.randn(5, 20 * 3, generator=generator)
    predict, x = predict_from(weight), noise[:, :3]
    for i, t in enumerate(scheduler.timesteps):
        # Its step with the generator at rest, for the mean; the noise it added is taken off.
        rest = torch.Generator().manual_seed(1)
        later = scheduler.step(predict(x, i), t, x, generator=rest).prev_sample
        if t > 0:
            std = scheduler._get_variance(t).sqrt()
            drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
            later = later + std * (noise[:, 3 * (i + 1):3 * (i + 2)] - drawn)
        x = later
    times = ddim_times(20, 20)
    ours = ancestral(estimate_by(predict, schedule, times), schedule, times, noise, -WIDE, WIDE)
    torch.testing.assert_close(ours, x, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('steps', [5, 20])
def test_the_estimate_is_held_within_the_box(steps):
    schedule = NoiseSchedule(CONFIG)
    noise = torch.randn(50, steps * 3, generator=torch.Generator().manual_seed(0))
    weight = torch.eye(3) * 3
    box = torch.full((3,), 0.5)
    times = ddim_times(20, steps)
    estimate = estimate_by(predict_from(weight), schedule, times)
    sample = ancestral(estimate, schedule, times, noise, -box, box)
    assert sample.shape == (50, 3) and sample.abs().max() <= 0.5


def test_samples_have_the_distribution_that_the_network_knows():
    """For N(m, s^2) the best prediction is known; what is sampled has this mean and spread."""
    config = ScheduleConfig(kind='squaredcos_cap_v2', steps=100)
    schedule, times = NoiseSchedule(config), ddim_times(100, 100)
    mean, std = 0.7, 0.3

    def predict(x, i):
        signal, sigma = schedule.signal[times[i]], schedule.sigma[times[i]]
        return sigma * (x - signal * mean) / (signal ** 2 * std ** 2 + sigma ** 2)
    noise = torch.randn(4000, 100, generator=torch.Generator().manual_seed(0))
    estimate = estimate_by(predict, schedule, times)
    sample = ancestral(estimate, schedule, times, noise, -WIDE[:1], WIDE[:1])
    assert sample.mean().item() == pytest.approx(mean, abs=0.02)
    assert sample.std().item() == pytest.approx(std, abs=0.02)
