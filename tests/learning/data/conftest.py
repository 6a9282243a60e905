"""Small datasets for the tests of data."""

import numpy as np
import pytest

from adapt_learning.data import Dataset, Episode
from adapt_learning.frames import load_contract


@pytest.fixture(scope='session')
def contract():
    """Return the contract of fetch_pick: 16 observations, 4 actions, 25 Hz."""
    return load_contract('fetch_pick')


@pytest.fixture
def make_episode():
    """Return a function that makes a smooth, valid episode; keywords replace its parts."""

    def make(length=12, seed=0, **changes):
        rng = np.random.default_rng(abs(seed))
        walk = np.cumsum(rng.normal(size=(length, 16)) * 0.01, axis=0)
        wave = 0.5 * np.sin(np.arange(length)[:, None] / 6 + rng.normal(size=4))
        parts = {
            'observation': walk, 'action': wave, 'timestamp_s': np.arange(length) * 0.04,
            'reward': np.zeros(length), 'success': True, 'seed': seed, 'noise_level': 1.0,
            'task': 'pick the block',
        }
        return Episode(**(parts | changes))

    return make


@pytest.fixture
def dataset(contract, make_episode):
    """Return five episodes of different lengths with extra columns."""
    episodes = []
    for seed in range(5):
        length = 8 + 3 * seed
        extras = {'edit_mask': np.arange(length) % 2 == 0,
                  'predicted_level': np.full((length, 2), seed, dtype=np.int32)}
        episodes.append(make_episode(length, seed, extras=extras,
                                     success=(True, False, None)[seed % 3],
                                     task=('pick', 'place')[seed % 2]))
    return Dataset(tuple(episodes), contract, {'made_by': 'a test', 'seed': 3})
