"""A tiny dataset and what a run of the loop needs."""

import io

import numpy as np
import pytest
import torch

from adapt_learning.data import Dataset, Episode, save_dataset
from adapt_learning.frames import load_contract
from adapt_learning.stacked.progress import ProgressReport

torch.set_num_threads(1)

TINY = (
    'network.width=16', 'network.depth=2', 'optimization.steps=100', 'optimization.batch=16',
    'optimization.validate_every=50', 'optimization.warmup_steps=10', 'run.threads=1')
TINY_DBC = (
    *TINY, 'diffusion.network.width=16', 'diffusion.network.depth=2',
    'diffusion.schedule.steps=20', 'diffusion.optimization.steps=150',
    'diffusion.optimization.batch=16', 'diffusion.optimization.validate_every=50',
    'diffusion.optimization.warmup_steps=10')


@pytest.fixture(scope='session')
def dataset():
    """Return 8 episodes in which the action is a smooth function of the observation."""
    contract = load_contract('fetch_pick')
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(16, 4)) / 4
    episodes = []
    for seed in range(8):
        observation = np.cumsum(rng.normal(size=(30, 16)), axis=0).astype(np.float32)
        episodes.append(Episode(observation, np.tanh(observation @ mix), np.arange(30) * 0.04,
                                np.zeros(30), success=True, seed=seed))
    return Dataset(tuple(episodes), contract, {'command': 'adapt collect fetch_pick'})


@pytest.fixture(scope='session')
def data(dataset, tmp_path_factory):
    """Return the folder of the dataset."""
    folder = tmp_path_factory.mktemp('data') / 'tiny'
    save_dataset(folder, dataset)
    return folder


@pytest.fixture
def quiet():
    """Return a progress report that nobody sees."""
    return ProgressReport(io.StringIO())


@pytest.fixture(scope='session')
def tiny():
    """Return a function policy name -> overrides that make training a matter of a second."""
    return lambda name: TINY_DBC if name == 'dbc' else TINY
