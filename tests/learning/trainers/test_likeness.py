"""The expert-likeness score tells expert pairs from others; its calibration fits the runtime."""

import numpy as np
import pytest
import torch

from adapt_learning.diffusion.likeness import LikenessConfig
from adapt_learning.errors import SettingError
from adapt_learning.trainers.likeness import calibrate, running_mean
from adapt_learning.trainers.train import TrainRequest, load_trained, train


@pytest.fixture(scope='module')
def score(data, tiny, tmp_path_factory):
    """Return the score of a diffusion model that has seen a little."""
    out = tmp_path_factory.mktemp('models') / 'dbc'
    settings = (*tiny('dbc'), 'optimization.steps=64', 'diffusion.optimization.steps=1500',
                'diffusion.network.width=64')
    train(TrainRequest('dbc', 'fetch_pick', data, out, '2026-01-01T00:00:00',
                       overrides=settings))
    return load_trained(out).likeness()


def test_other_actions_score_higher(score, dataset):
    observation, action = (torch.tensor(x) for x in dataset.pairs())
    other = action[torch.randperm(len(action), generator=torch.Generator().manual_seed(0))]
    with torch.no_grad():
        expert, wrong = score(observation, action), score(observation, other)
        far = score(observation + 30.0, action)
    assert (wrong > expert).float().mean() > 0.8
    assert far.min() > expert.max()


def test_calibration_is_the_quantile_of_the_runtime_mean(score, dataset):
    config = LikenessConfig(window=4, warn_quantile=0.9, warn_factor=1.5, stop_factor=3.0)
    found = calibrate(score, config, dataset.episodes)
    means = []
    for episode in dataset.episodes:
        with torch.no_grad():
            values = score(torch.tensor(episode.observation), torch.tensor(episode.action))
        means += [float(values[max(0, t - 3):t + 1].mean()) for t in range(len(episode))]
    assert found['warn'] == pytest.approx(1.5 * np.quantile(means, 0.9), rel=1e-4)
    assert found['stop'] == pytest.approx(3 * found['warn'])
    assert found['pairs'] == dataset.steps and found['episodes'] == len(dataset)
    assert found['quantiles']['0.5'] <= found['quantiles']['0.99'] <= found['max']


def test_running_mean_has_fewer_values_at_the_beginning():
    np.testing.assert_allclose(running_mean(np.array([2.0, 4.0, 6.0, 8.0]), 3), [2, 3, 4, 6])


def test_calibration_needs_held_out_episodes(score):
    with pytest.raises(SettingError, match='validation_fraction'):
        calibrate(score, LikenessConfig(), ())
