"""A polluted dataset and what a perfect restoration makes of it."""

import numpy as np
import pytest

from adapt_learning.data import Dataset, Episode
from adapt_learning.frames import load_contract
from adapt_learning.restoration.lineage import SideOutcome, derive

T_THRES = 15


@pytest.fixture(scope='session')
def clean():
    """Return forty smooth episodes of fetch_pick's form."""
    rng = np.random.default_rng(0)
    episodes = []
    for seed in range(40):
        t = np.arange(30 + seed % 4)[:, None]
        episodes.append(Episode(
            np.sin(t / 20 + 3 * rng.uniform(size=16)), 0.5 * np.sin(t / 8 + rng.uniform(size=4)),
            t[:, 0] * 0.04, np.zeros(len(t)), True, seed, 1.0, 'pick'))
    return Dataset(tuple(episodes), load_contract('fetch_pick'), {'command': 'a test'})


@pytest.fixture(scope='session')
def polluted(clean):
    """Return the same with a fifth of the states and a fifth of the actions replaced by noise."""
    from dataclasses import replace
    rng = np.random.default_rng(1)
    episodes = []
    for episode in clean:
        masks = rng.random((2, len(episode))) < 0.2
        noise = [rng.normal(size=part.shape) for part in (episode.observation, episode.action)]
        episodes.append(replace(
            episode, observation=episode.observation + masks[0][:, None] * noise[0],
            action=episode.action + masks[1][:, None] * noise[1],
            extras={'adapt.state_polluted': masks[0], 'adapt.action_polluted': masks[1]}))
    return Dataset(tuple(episodes), clean.contract, {
        **clean.meta, 'pollution': {'kind': 'gaussian', 'p': 0.2, 'sigma': 1.0, 'seed': 1,
                                    'source': {'hash': clean.hash}}})


@pytest.fixture(scope='session')
def restored(clean, polluted):
    """Return what a restoration makes that finds all and mends all; both polluted is dropped."""
    rng = np.random.default_rng(2)
    truth = [np.concatenate([e.extras[f'adapt.{side}_polluted'] for e in polluted])
             for side in ('state', 'action')]
    sides = [SideOutcome(values, mask + rng.uniform(0, 0.5, len(mask)), mask, mask,
                         np.where(mask, rng.integers(T_THRES, 60, len(mask)), -1))
             for values, mask in zip(clean.pairs(), truth, strict=True)]
    return derive(polluted, *sides, ~(truth[0] & truth[1]), {
        'config': {'filter': 'ae_lof', 'restorer_settings': {'threshold': T_THRES}}, 'seed': 0,
        'source': {'name': 'noisy', 'hash': polluted.hash},
        'counts': {}, 'estimates': {'state': 0.2, 'action': 0.2}, 'needed': True,
        'seconds': {'judge': 1.0, 'restore': 2.0}})
