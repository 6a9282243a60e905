"""The expert-likeness score with fixed draws."""

import pytest
import torch

from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.likeness import FixedDrawScore, LikenessConfig, fixed_draws
from adapt_learning.diffusion.loss import noise_prediction_error
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig
from adapt_learning.errors import SettingError
from adapt_learning.stacked.layers import MemberRandom


@pytest.mark.parametrize('embedding', ['table', 'sinusoidal'])
@pytest.mark.parametrize('depth', [1, 3])
def test_score_is_the_mean_of_equation_3_2_over_the_draws(embedding, depth):
    config = LikenessConfig(draws=6)
    schedule = NoiseSchedule(ScheduleConfig(steps=100))
    network = Denoiser(DenoiserConfig(width=12, depth=depth, embedding=embedding), 5, 100,
                       MemberRandom((0,), 'w'))
    pair = torch.randn(9, 5)
    t, noise = fixed_draws(config, 100, 5)
    expected = torch.stack([
        noise_prediction_error(network, schedule, pair[None], t[j].expand(1, 9),
                               noise[j].expand(1, 9, 5))[0]
        for j in range(6)]).mean(0)
    torch.testing.assert_close(FixedDrawScore(config, network, schedule)(pair), expected)


def test_draws_are_fixed_and_antithetic():
    t, noise = fixed_draws(LikenessConfig(draws=8, t_low=0.1, t_high=0.2), 1000, 3)
    again = fixed_draws(LikenessConfig(draws=8, t_low=0.1, t_high=0.2), 1000, 3)
    assert torch.equal(t, again[0]) and torch.equal(noise, again[1])
    assert torch.equal(noise[:4], -noise[4:]) and torch.equal(t[:4], t[4:])
    assert t.min() == 100 and t.max() == 200


def test_only_one_member():
    network = Denoiser(DenoiserConfig(width=4), 3, 10, MemberRandom((0, 1), 'w'))
    with pytest.raises(SettingError, match='one member'):
        FixedDrawScore(LikenessConfig(), network, NoiseSchedule(ScheduleConfig(steps=10)))


@pytest.mark.parametrize('settings', [
    {'draws': 3}, {'draws': 0}, {'t_low': 0.5, 't_high': 0.2}, {'window': 0},
    {'warn_quantile': 1.5}, {'stop_factor': 0.5}, {'warn_factor': 0.0}])
def test_bad_settings(settings):
    with pytest.raises(SettingError, match='got'):
        LikenessConfig(**settings)
