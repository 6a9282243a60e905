"""Pollution: its share, its size, its truth, and nothing of the future."""

import numpy as np
import pytest

from adapt_learning.data import Dataset, Episode
from adapt_learning.data.pollution import KINDS, column, corrupt, stream
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.frames import load_contract

EPISODES, STEPS = 12, 100


@pytest.fixture(scope='module')
def clean():
    """Return walks in 16 + 4 dimensions; the last action element never moves."""
    rng = np.random.default_rng(0)
    time_s = np.arange(STEPS) * 0.04

    def walk(size):
        return np.cumsum(rng.normal(size=(STEPS, size)), axis=0) * 0.01 + 1.0

    return Dataset(tuple(
        Episode(walk(16), walk(4) * [1, 1, 1, 0], time_s, np.zeros(STEPS), seed=number)
        for number in range(EPISODES)), load_contract('fetch_pick'), {'origin': 'walk'})


def truth(dataset, side):
    return np.concatenate([episode.extras[column(side)] for episode in dataset])


@pytest.mark.parametrize('kind', KINDS)
def test_truth_is_the_rows_that_differ_and_their_share_is_p(clean, kind):
    spoilt = corrupt(clean, kind, p=0.3, sigma=1.0, seed=1)
    for side, before, after in zip(('state', 'action'), clean.pairs(), spoilt.pairs(), strict=True):
        differs = (before != after).any(axis=1)
        assert np.array_equal(differs, truth(spoilt, side))
        assert 0.2 < differs.mean() < 0.4
        assert np.isfinite(after).all()


@pytest.mark.parametrize('kind', KINDS)
def test_same_seed_same_pollution(clean, kind):
    first, second, other = (corrupt(clean, kind, 0.3, 1.0, seed).hash for seed in (1, 1, 2))
    assert first == second != other != clean.hash


@pytest.mark.parametrize('kind', KINDS)
def test_no_row_knows_the_future_and_episodes_do_not_mix(kind):
    rows = np.random.default_rng(3).normal(size=(50, 3))
    whole, half = (stream(kind, np.ones(3), 0.5, 1.0, 7) for _ in range(2))
    seen = [whole.step(row)[0] for row in rows]
    assert np.array_equal(seen[:25], [half.step(row)[0] for row in rows[:25]])
    late = stream(kind, np.ones(3), 1.0, 1.0, 7)
    for row in rows:
        late.step(row)
    late.begin()
    begun = late.step(np.full(3, 100.0))[0]
    assert not any(np.allclose(begun, row) for row in rows), 'a row of the episode before'


def test_gaussian_has_the_size_that_was_asked_for(clean):
    spoilt = corrupt(clean, 'gaussian', 1.0, 0.5, 0)
    for before, after in zip(clean.pairs(), spoilt.pairs(), strict=True):
        size = (after - before).std(axis=0)
        assert np.allclose(size, 0.5 * before.std(axis=0), rtol=0.15, atol=1e-6)


def test_sides_are_polluted_apart_from_each_other(clean):
    spoilt = corrupt(clean, 'gaussian', 0.5, 1.0, 0)
    both = (truth(spoilt, 'state') & truth(spoilt, 'action')).mean()
    assert 0.2 < both < 0.3
    one = corrupt(clean, 'gaussian', 0.5, 1.0, 0, ('action',))
    assert not truth(one, 'state').any() and truth(one, 'action').any()
    assert np.array_equal(one.pairs()[0], clean.pairs()[0])


def test_stretches_are_stretches(clean):
    spoilt = truth(corrupt(clean, 'bias', 0.3, 1.0, 0), 'state').reshape(EPISODES, STEPS)
    begins = (spoilt[:, 1:] & ~spoilt[:, :-1]).sum() + spoilt[:, 0].sum()
    assert 5 < spoilt.sum() / begins < 20
    single = truth(corrupt(clean, 'gaussian', 0.3, 1.0, 0), 'state').reshape(EPISODES, STEPS)
    assert single.sum() / (single[:, 1:] & ~single[:, :-1]).sum() < 2


def test_lineage_is_kept(clean):
    meta = corrupt(clean, 'spike', 0.1, 2.0, 5, ('state',)).meta
    assert meta['origin'] == 'walk'
    assert meta['pollution'] == {'kind': 'spike', 'p': 0.1, 'sigma': 2.0, 'seed': 5,
                                 'sides': ['state'], 'source': {'hash': clean.hash}}


@pytest.mark.parametrize(('change', 'said'), [
    ({'kind': 'fog'}, "no pollution 'fog'; allowed: gaussian"), ({'p': 1.5}, 'lies in 0..1'),
    ({'sigma': 0.0}, 'above 0'), ({'sigma': float('nan')}, 'above 0'), ({'seed': -1}, 'negative'),
    ({'sides': ('reward',)}, 'sides are state and action'), ({'sides': ()}, 'sides are')])
def test_settings_out_of_range(clean, change, said):
    settings = {'kind': 'gaussian', 'p': 0.2, 'sigma': 1.0, 'seed': 0} | change
    with pytest.raises(SettingError, match=said):
        corrupt(clean, **settings)


def test_polluted_data_are_not_polluted_again(clean):
    once = corrupt(clean, 'jitter', 0.1, 1.0, 0)
    with pytest.raises(DatasetError, match='polluted already'):
        corrupt(once, 'jitter', 0.1, 1.0, 0)
