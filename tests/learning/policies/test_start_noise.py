"""The noise that actions begin with: standard normal, and a function of the observation."""

import pytest
import torch

from adapt_learning.policies.start_noise import FixedNoise, StartConfig, start_noise


def test_noise_by_observation_is_standard_normal_and_unrelated_between_neighbours():
    config = StartConfig()
    noise = start_noise(config, 3, 4)
    rows = torch.rand(20_000, 3, generator=torch.Generator().manual_seed(0))
    drawn = noise(rows)
    assert drawn.shape == (20_000, 4) and drawn.dtype == torch.float32
    torch.testing.assert_close(drawn.mean(0), torch.zeros(4), atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), torch.eye(4), atol=0.05, rtol=0)
    assert (drawn.abs() > 1.96).float().mean().item() == pytest.approx(0.05, abs=0.005)
    beside = noise(rows + 1e-4)
    both = torch.cat([drawn, beside], 1).T.corrcoef()[:4, 4:]
    assert both.abs().max() < 0.05
    torch.testing.assert_close(noise(rows), drawn, rtol=0, atol=0)


def test_fixed_noise_is_the_same_for_all():
    noise = start_noise(StartConfig(start='fixed', noise_scale=0.5, noise_seed=3), 3, 4)
    assert isinstance(noise, FixedNoise)
    rows = torch.rand(5, 3)
    torch.testing.assert_close(noise(rows), noise(rows + 1), rtol=0, atol=0)
    twice = start_noise(StartConfig(start='fixed', noise_scale=1.0, noise_seed=3), 3, 4)
    torch.testing.assert_close(2 * noise(rows), twice(rows))
