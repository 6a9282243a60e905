"""What the restorers promise: levels, closeness, one training for all variants, no loop."""

import numpy as np
import pytest
import torch
from demonstrations import FAST

from adapt_learning import catalog
from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.schedules import ScheduleConfig
from adapt_learning.errors import SettingError
from adapt_learning.restoration.base import Cancelled
from adapt_learning.restoration.conditional_denoiser import walk_back
from adapt_learning.restoration.config import resolve
from adapt_learning.restoration.noising import Noising
from adapt_learning.stacked.layers import MemberRandom

VARIANTS = ('diffusion', 'no_threshold', 'no_predictor', 'generation')


def all_known(values):
    """Return that every value is a measurement."""
    return np.ones(len(values), bool)


def quiet(share, text):
    """Hear progress."""


def restorer_of(name, *overrides):
    config = resolve('dmdr', (f'restorer={name}', *FAST, *overrides))
    return catalog.load('restorer', name)(config.restorer_settings)


@pytest.fixture(scope='module')
def data():
    """Return clean values on a circle, their conditions, and values polluted by one std."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 3000)
    values = np.stack([np.sin(angle), np.cos(angle), np.sin(angle)], 1).astype(np.float32) * 1.4
    condition = np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    noisy = values + rng.normal(size=values.shape).astype(np.float32)
    return values[:2000], condition[:2000], values[2000:], noisy[2000:], condition[2000:]


@pytest.fixture(scope='module')
def learnt(data):
    """Return what the diffusion restorer learnt."""
    restorer = restorer_of('diffusion')
    heard = []
    restorer.fit(data[0], data[1], 0, lambda share, text: heard.append(share))
    assert heard == sorted(heard) and heard[-1] == 1.0
    return restorer.state()


@pytest.mark.parametrize('name', VARIANTS)
def test_polluted_values_come_close_to_the_clean_ones(data, learnt, name):
    _, _, clean, noisy, condition = data
    restorer = restorer_of(name)
    restorer.load_state(learnt)
    restored = restorer.restore(noisy, all_known(noisy), condition, 0, quiet)
    before, after = np.abs(noisy - clean).mean(), np.abs(restored.values - clean).mean()
    assert after < 0.45 * before
    assert restored.values.dtype == np.float32
    assert (restored.values[~restored.changed] == noisy[~restored.changed]).all()


def test_levels_tell_polluted_from_clean_and_the_threshold_keeps_what_is_clean(data, learnt):
    _, _, clean, noisy, condition = data
    restorer = restorer_of('diffusion')
    restorer.load_state(learnt)
    fine = restorer.restore(clean, all_known(clean), condition, 0, quiet)
    bad = restorer.restore(noisy, all_known(noisy), condition, 0, quiet)
    assert fine.changed.mean() < 0.1 < 0.9 < bad.changed.mean()
    assert np.median(bad.level) - np.median(fine.level) > 20
    # With one std of noise sigma_n equals alpha_n, which is so halfway in a cosine schedule.
    assert abs(np.median(bad.level) - 50) < 10


def test_variants_differ_in_the_level_only(data, learnt):
    noisy, condition = data[3], data[4]
    found = {}
    for name in VARIANTS:
        restorer = restorer_of(name)
        restorer.load_state(learnt)
        found[name] = restorer.restore(noisy, all_known(noisy), condition, 0, quiet)
    assert (found['no_predictor'].level == 50).all()
    assert (found['generation'].level == 100).all() and found['generation'].changed.all()
    assert (found['no_threshold'].level == found['diffusion'].level).all()
    assert found['no_threshold'].changed.sum() >= found['diffusion'].changed.sum()
    learning = [restorer_of(name).learning() for name in VARIANTS]
    assert all(one == learning[0] for one in learning)


def test_generation_forgets_the_value(data, learnt):
    _, _, _, noisy, condition = data
    restorer = restorer_of('generation')
    restorer.load_state(learnt)
    one = restorer.restore(noisy, all_known(noisy), condition, 0, quiet)
    other = restorer.restore(noisy * 0, all_known(noisy), condition, 0, quiet)
    assert (one.values == other.values).all()


def test_the_random_forest_answers_as_scikit_learn_does(data):
    from sklearn.ensemble import RandomForestRegressor
    values, condition, clean, noisy, other = data
    restorer = catalog.load(
        'restorer', 'random_forest')(catalog.load('restorer', 'random_forest').Config(trees=20))
    restorer.fit(values, condition, 3, quiet)
    forest = RandomForestRegressor(n_estimators=20, min_samples_leaf=2, random_state=3,
                                   warm_start=True)
    for trees in (10, 20):
        forest.n_estimators = trees
        forest.fit(condition, values)
    restored = restorer.restore(noisy, all_known(noisy), other, 0, quiet)
    np.testing.assert_allclose(restored.values, forest.predict(other), atol=1e-5)
    assert np.abs(restored.values - clean).mean() < 0.1
    assert restored.changed.all() and (restored.level == -1).all()


@pytest.mark.parametrize('name', ['diffusion', 'random_forest'])
def test_same_seed_same_result_and_the_state_is_all_there_is(data, learnt, name):
    values, condition, _, noisy, other = data
    if name == 'diffusion':
        first = restorer_of(name)
        first.load_state(learnt)
    else:
        first = catalog.load('restorer', name)(catalog.load('restorer', name).Config(trees=10))
        first.fit(values, condition, 0, quiet)
    second = type(first)(first.config)
    second.load_state({key: array.copy() for key, array in first.state().items()})
    a, b = (r.restore(noisy, all_known(noisy), other, 7, quiet) for r in (first, second))
    assert (a.values == b.values).all() and (a.level == b.level).all()
    nothing = first.restore(noisy[:0], all_known(noisy[:0]), other[:0], 0, quiet)
    assert nothing.values.shape == (0, 3) and nothing.changed.dtype == bool


def test_a_fit_can_be_cancelled(data):
    def stop(share, text):
        raise Cancelled('now')
    with pytest.raises(Cancelled):
        restorer_of('diffusion').fit(data[0], data[1], 0, stop)


@pytest.mark.parametrize('name, change, said', [
    ('diffusion', 'threshold=200', 'threshold lies in'),
    ('diffusion', 'draw=guess', 'draw is one of'),
    ('diffusion', 'training.scale=huge', 'scale is one of'),
    ('no_predictor', 'level=0', 'level lies in'),
    ('no_predictor', 'threshold=60', 'threshold is not above level'),
])
def test_settings_out_of_range_are_refused(name, change, said):
    with pytest.raises(SettingError, match=said):
        restorer_of(name, f'restorer_settings.{change}')


def test_all_rows_walking_together_is_each_row_walking_alone():
    """Means are taken, so there is no randomness to differ in."""
    noising = Noising(ScheduleConfig('squaredcos_cap_v2', 20))
    denoiser = Denoiser(DenoiserConfig(width=16, embedding='sinusoidal'), 3, 20,
                        MemberRandom((0,), 'test'), condition_size=2)
    generator = torch.Generator().manual_seed(0)
    value, condition = (torch.randn(6, n, generator=generator) for n in (3, 2))
    level = torch.tensor([0, 20, 3, 3, 1, 11])
    low, high = -2 * torch.ones(3), 2 * torch.ones(3)
    with torch.no_grad():
        together = walk_back(denoiser, noising, value, condition, level, low, high, None)
        alone = torch.cat([walk_back(denoiser, noising, value[i:i + 1], condition[i:i + 1],
                                     level[i:i + 1], low, high, None) for i in range(6)])
    torch.testing.assert_close(together, alone)
    assert (together[0] == value[0]).all()
    assert (together[1:] <= 2).all() and (together[1:] >= -2).all()


def test_one_step_back_is_the_posterior_of_diffusers():
    from adapt_learning.diffusion.schedules import make_scheduler
    config = ScheduleConfig('squaredcos_cap_v2', 100)
    noising, scheduler = Noising(config), make_scheduler(config)
    generator = torch.Generator().manual_seed(0)
    x, predicted = (torch.randn(5, 4, generator=generator) for _ in range(2))
    for n in (1, 2, 50, 100):
        clean = (x - noising.sigma[n] * predicted) / noising.alpha[n]
        t = n - 1
        alpha, before = scheduler.alphas_cumprod[t], (
            scheduler.alphas_cumprod[t - 1] if t else torch.tensor(1.0))
        beta = 1 - alpha / before
        mean = (before.sqrt() * beta * clean + (1 - beta).sqrt() * (1 - before) * x) / (1 - alpha)
        torch.testing.assert_close(noising.back(x, clean, n, None), mean, rtol=1e-4, atol=1e-4)
        stepped = scheduler.step(predicted, t, x, generator=torch.Generator().manual_seed(1))
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(noising.back(x, clean, n, noise), stepped.prev_sample,
                                   rtol=1e-3, atol=1e-3)
