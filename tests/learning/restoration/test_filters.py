"""Filters: what they find, degenerate data, determinism."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor

from adapt_learning import catalog
from adapt_learning.errors import SettingError
from adapt_learning.reports.detection import roc_auc
from adapt_learning.restoration.ae_lof import AutoencoderLofConfig
from adapt_learning.restoration.autoencoder import Autoencoder, AutoencoderConfig
from adapt_learning.restoration.base import Cancelled, Side
from adapt_learning.restoration.lof import LocalOutlierConfig, outlier_factors
from adapt_learning.restoration.random_filter import RandomFilterConfig
from adapt_learning.restoration.trajectory_filter import TrajectoryFilterConfig
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.mlp import MLPConfig

_NETWORK = MLPConfig(48, 2, 'silu')
_TRAINING = OptimizationConfig(steps=300, batch=64, learning_rate=4e-3, ema_decay=0.95,
                               warmup_steps=20, precision='float32')
_AE = AutoencoderConfig(_NETWORK, optimization=_TRAINING)
CONFIGS = {
    'random': RandomFilterConfig(), 'ae': _AE, 'lof': LocalOutlierConfig(),
    'ae_lof': AutoencoderLofConfig(_AE),
    'trajectory': TrajectoryFilterConfig(network=_NETWORK, optimization=_TRAINING),
}
LEAST_AUC = {'ae': 0.95, 'lof': 0.95, 'ae_lof': 0.8, 'trajectory': 0.98}


def _quiet(share, text):
    """Tell nobody."""


def _scores(name, side, seed=0, config=None, progress=_quiet):
    return catalog.load('filter', name)(config or CONFIGS[name]).scores(side, seed, progress)


def _smooth(size, other, episodes=30, length=34, seed=0):
    """Return smooth values [N, size] and [N, other] of three hidden ones, and the episodes."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(1).normal(size=(3, size + other))
    parts = []
    for _ in range(episodes):
        phase = np.linspace(0, np.pi, length)[:, None] + rng.uniform(0, 0.5)
        parts.append(np.hstack([np.sin(phase), np.cos(phase), rng.uniform(-1, 1) + 0 * phase]))
    values = np.tanh(np.concatenate(parts) @ mix)
    values = ((values - values.mean(0)) / values.std(0)).astype(np.float32)
    return values[:, :size], values[:, size:], np.repeat(np.arange(episodes), length)


def _polluted(size=8, other=4, share=0.2, seed=0):
    values, condition, episode = _smooth(size, other, seed=seed)
    rng = np.random.default_rng(seed + 100)
    truth = rng.random(len(values)) < share
    noise = rng.normal(size=values.shape).astype(np.float32)
    return Side('state', np.where(truth[:, None], values + noise, values), condition,
                episode, np.ones(len(episode), bool)), truth


def test_every_filter_of_the_catalogue_is_tested():
    """A filter that is added has a line here, and its defaults can be made."""
    assert set(catalog.names('filter')) == set(CONFIGS)
    for name in CONFIGS:
        assert isinstance(CONFIGS[name], catalog.load('filter', name).Config)
        catalog.load('filter', name).Config()


@pytest.mark.parametrize('name', LEAST_AUC)
def test_pollution_is_found(name):
    """Polluted values have higher scores than clean ones."""
    side, truth = _polluted()
    assert roc_auc(_scores(name, side), truth) > LEAST_AUC[name]


def test_random_finds_nothing_and_differs_between_the_sides():
    """It is the baseline; states and actions are suspected apart from each other."""
    side, truth = _polluted()
    scores = _scores('random', side)
    assert abs(roc_auc(scores, truth) - 0.5) < 0.1
    assert not np.array_equal(scores, _scores('random', replace(side, name='action')))


@pytest.mark.parametrize('name', CONFIGS)
def test_same_seed_same_scores(name):
    """The seed decides everything; another one gives other scores, but for plain LOF."""
    side, _ = _polluted()
    first = _scores(name, side, 3)
    assert first.dtype == np.float64
    np.testing.assert_array_equal(first, _scores(name, side, 3))
    assert np.array_equal(first, _scores(name, side, 4)) == (name == 'lof')


@pytest.mark.parametrize('name', CONFIGS)
@pytest.mark.parametrize('case', ['constant', 'one element', 'two rows', 'duplicates'])
def test_degenerate_data(name, case):
    """Every row gets a finite score, and equal rows no boundless one."""
    values, other, episode = _smooth(4, 3, episodes=6)
    if case == 'constant':
        values = np.zeros_like(values)
    elif case == 'one element':
        values = np.ascontiguousarray(values[:, :1])
    elif case == 'two rows':
        values, other, episode = values[:2], other[:2], episode[:2]
    else:
        values = np.where(values > 0, 1, -1).astype(np.float32)
    scores = _scores(name, Side('action', values, other, episode, np.ones(len(values), bool)))
    assert scores.shape == (len(values),)
    assert np.isfinite(scores).all()
    if name == 'lof' and case in ('constant', 'duplicates'):
        assert scores.max() < 25  # 2 over the resolution, not over nothing


def test_lof_is_that_of_scikit_learn():
    """Without the floor the factors are the well-known ones."""
    side, _ = _polluted()
    ours = outlier_factors(side.values, LocalOutlierConfig(20, resolution=0.0), 0, _quiet)
    theirs = LocalOutlierFactor(20).fit(side.values).negative_outlier_factor_
    np.testing.assert_allclose(ours, -theirs, rtol=1e-5)


def test_lof_of_many_rows_uses_some_of_them():
    """With few reference rows the factors of all rows still find the polluted ones."""
    side, truth = _polluted()
    few = outlier_factors(side.values, LocalOutlierConfig(reference_rows=400), 0, _quiet)
    assert len(few) == len(truth)
    assert roc_auc(few, truth) > 0.9


def test_lof_trusts_a_rare_group_that_is_not_smaller_than_k():
    """Half of all is suspected, the few of one manoeuvre are not; with a large k they are."""
    rng = np.random.default_rng(0)
    usual = rng.normal(size=(7000, 2))
    rare = np.array([6.0, 0.0]) + 0.2 * rng.normal(size=(55, 2))
    values = np.concatenate([usual, rare]).astype(np.float32)

    def suspected(config):
        scores = outlier_factors(values, config, 0, _quiet)
        return (scores[7000:] > np.median(scores)).mean()

    assert suspected(LocalOutlierConfig()) < 0.7
    assert suspected(LocalOutlierConfig(neighbors=70)) == 1


def test_lof_of_few_rows_has_a_smaller_k():
    """Groups of rare values are smaller there, too; k is a hundredth of the rows, at least 20."""
    side, _ = _polluted()
    assert len(side.values) == 1020
    few, default, sixty = (outlier_factors(values, LocalOutlierConfig(k), 0, _quiet)
                              for values, k in ((side.values, 20), (side.values, 40),
                                                (side.values[:60], 40)))
    np.testing.assert_array_equal(few, default)
    three = outlier_factors(side.values[:60], LocalOutlierConfig(3), 0, _quiet)
    np.testing.assert_array_equal(sixty, three)
    assert not np.array_equal(few, outlier_factors(side.values, LocalOutlierConfig(19), 0, _quiet))


def test_lof_survives_saturated_values():
    """Values beside a thousand equal ones are not outliers; a far one is."""
    rng = np.random.default_rng(0)
    values = np.concatenate([np.ones(1000), rng.uniform(0.8, 1.0, 200), [-6.0]])
    scores = outlier_factors(values[:, None].astype(np.float32), LocalOutlierConfig(), 0, _quiet)
    assert scores[-1] > 5 * scores[:-1].max()
    plain = LocalOutlierConfig(resolution=0.0)
    assert outlier_factors(values[:, None].astype(np.float32), plain, 0, _quiet)[:-1].max() > 1e3


def test_the_bottleneck_is_half_of_the_elements_or_what_is_asked_for():
    """Half rounded up; never more than there are elements."""
    side, _ = _polluted()
    for asked, size in ((0, 4), (3, 3), (20, 8)):
        module = Autoencoder(AutoencoderConfig(_NETWORK, bottleneck=asked), 8, 0)
        assert module.features(side.values).shape == (len(side.values), size)


def test_the_trajectory_filter_uses_time():
    """A value that is common, but not at this instant, is found by its neighbours alone."""
    values, other, episode = _smooth(4, 3)
    rng = np.random.default_rng(0)
    truth = rng.random(len(values)) < 0.1
    swapped = values.copy()
    swapped[truth] = values[rng.permutation(len(values))[:truth.sum()]]
    side = Side('state', swapped, np.zeros_like(other), episode, np.ones(len(values), bool))
    assert roc_auc(_scores('trajectory', side), truth) > 0.9
    assert roc_auc(_scores('lof', side), truth) < 0.7


@pytest.mark.parametrize('name', ['ae', 'lof', 'ae_lof', 'trajectory'])
def test_progress_rises_and_can_cancel(name):
    """The share told stays in 0..1 and does not fall; Cancelled goes through."""
    side, _ = _polluted()
    shares = []
    _scores(name, side, progress=lambda share, text: shares.append(share))
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1

    def cancel(share, text):
        raise Cancelled
    with pytest.raises(Cancelled):
        _scores(name, side, progress=cancel)


@pytest.mark.parametrize('kind, settings', [
    (AutoencoderConfig, {'bottleneck': -1}), (AutoencoderConfig, {'training_rows': 1}),
    (LocalOutlierConfig, {'neighbors': 0}), (LocalOutlierConfig, {'resolution': -0.1}),
    (TrajectoryFilterConfig, {'reach': 0}), (TrajectoryFilterConfig, {'freedom': 0.0}),
    (TrajectoryFilterConfig, {'doubt': 2.0})])
def test_settings_are_checked(kind, settings):
    """The error names the setting."""
    with pytest.raises(SettingError, match=next(iter(settings))):
        kind(**settings)
