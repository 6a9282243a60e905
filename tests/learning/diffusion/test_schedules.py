"""The noise schedules are diffusers' and obey the closed forms."""

import numpy as np
import pytest
import torch

from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig, make_scheduler
from adapt_learning.errors import SettingError


def published_betas(steps=1000):
    """Betas of the published code, written down a second time."""
    ramp = 1 / (1 + np.exp(-np.linspace(-6, 6, steps)))
    return np.maximum(ramp * (0.02 - 1e-4) + 1e-4, 1e-4)


def test_sigmoid_is_the_published_schedule():
    scheduler = make_scheduler(ScheduleConfig('sigmoid', 1000))
    np.testing.assert_allclose(scheduler.betas, published_betas(), rtol=1e-5)


@pytest.mark.parametrize('kind', ['linear', 'sigmoid'])
@pytest.mark.parametrize('steps', [100, 1000])
def test_the_last_step_is_nearly_noise_whatever_the_number_of_steps(kind, steps):
    left = make_scheduler(ScheduleConfig(kind, steps)).alphas_cumprod[-1]
    assert 1e-5 < float(left) < 1e-4


def test_cosine_is_the_closed_form():
    schedule = make_scheduler(ScheduleConfig('squaredcos_cap_v2', 100))
    t = np.arange(101) / 100
    f = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2
    betas = np.minimum(1 - f[1:] / f[:-1], 0.999)
    np.testing.assert_allclose(schedule.alphas_cumprod, np.cumprod(1 - betas), rtol=1e-4)


@pytest.mark.parametrize('kind', ['linear', 'squaredcos_cap_v2', 'sigmoid'])
def test_adapter_equals_diffusers_on_stacked_batches(kind):
    config = ScheduleConfig(kind, 100)
    x, noise = torch.randn(2, 3, 5, 4)
    t = torch.randint(0, 100, (3, 5))
    expected = make_scheduler(config).add_noise(
        x.reshape(15, 4), noise.reshape(15, 4), t.reshape(15)).reshape(3, 5, 4)
    torch.testing.assert_close(NoiseSchedule(config).noisy(x, t, noise), expected)


@pytest.mark.parametrize('config, word', [
    ({'kind': 'cubic'}, 'squaredcos_cap_v2'), ({'steps': 1}, '2..10000'),
    ({'beta_start': 0.5, 'beta_end': 0.1}, 'beta_start <= beta_end')])
def test_bad_settings_say_what_is_allowed(config, word):
    with pytest.raises(SettingError, match=word):
        ScheduleConfig(**config)


def test_unknown_sampler():
    with pytest.raises(SettingError, match='ddpm, ddim'):
        make_scheduler(ScheduleConfig(), 'euler')
