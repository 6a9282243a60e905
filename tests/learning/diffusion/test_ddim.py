"""DDIM against diffusers' scheduler, and on a model that knows the answer."""

import pytest
import torch
from diffusers import DDIMScheduler

from adapt_learning.diffusion.ddim import ddim, ddim_times
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig
from adapt_learning.errors import SettingError

COSINE = ScheduleConfig(kind='squaredcos_cap_v2', steps=100)


def test_times_fall_from_the_last_step():
    assert ddim_times(100, 10) == (99, 89, 79, 69, 59, 49, 39, 29, 19, 9)
    assert ddim_times(100, 1) == (99,)
    assert ddim_times(7, 7) == (6, 5, 4, 3, 2, 1, 0)
    for wrong in (0, 101):
        with pytest.raises(SettingError, match='1..100 steps'):
            ddim_times(100, wrong)


@pytest.mark.parametrize('steps', [1, 10, 100])
def test_same_numbers_as_diffusers(steps):
    generator = torch.Generator().manual_seed(0)
    noise, weight = torch.randn(5, 3, generator=generator), torch.randn(3, 3, generator=generator)

    def predict(x, t):
        return torch.tanh(x @ weight + t / 100)

    times = ddim_times(100, steps)
    schedule = NoiseSchedule(COSINE)
    ours = ddim(lambda x, i: schedule.clean(x, times[i], predict(x, times[i])), schedule, times,
                noise, torch.full((3,), -1.0), torch.full((3,), 1.0))
    scheduler = DDIMScheduler(100, beta_schedule='squaredcos_cap_v2', clip_sample=True,
                              timestep_spacing='trailing')
    scheduler.set_timesteps(steps)
    theirs = noise
    for t in scheduler.timesteps:
        theirs = scheduler.step(predict(theirs, int(t)), int(t), theirs,
                                use_clipped_model_output=True).prev_sample
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('steps', [1, 3, 10])
def test_a_model_that_knows_the_sample_gives_it_back(steps):
    schedule, sample = NoiseSchedule(COSINE), torch.tensor([[0.3, -0.8]])
    times = ddim_times(100, steps)

    made = ddim(lambda x, i: sample.expand_as(x), schedule, times, torch.tensor([[2.0, -1.0]]),
                -torch.ones(2), torch.ones(2))
    torch.testing.assert_close(made, sample, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize('t', [0, 50, 90])
def test_clean_undoes_noisy(t):
    schedule, generator = NoiseSchedule(COSINE), torch.Generator().manual_seed(0)
    sample, noise = torch.randn(2, 6, 3, generator=generator)
    noisy = schedule.noisy(sample, torch.full((6,), t), noise)
    torch.testing.assert_close(schedule.clean(noisy, t, noise), sample, atol=1e-4, rtol=1e-4)
