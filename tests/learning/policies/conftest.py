"""Small policies for the tests of this folder."""

import numpy as np
import pytest
import torch

from adapt_learning import catalog
from adapt_learning.policies.base import Normalizers
from adapt_learning.stacked.config import NormalizationConfig, from_values

torch.set_num_threads(1)

SMALL = {'network': {'width': 16, 'depth': 2}}
SMALL_DBC = {**SMALL, 'diffusion': {'network': {'width': 16, 'depth': 2},
                                    'schedule': {'steps': 50}}}


@pytest.fixture
def pairs():
    """Return raw pairs: observation [64, 5], action [64, 2]."""
    rng = np.random.default_rng(0)
    observation = rng.normal(2.0, 3.0, (64, 5)).astype(np.float32)
    action = np.tanh(observation[:, :2]).astype(np.float32)
    return torch.from_numpy(observation), torch.from_numpy(action)


@pytest.fixture
def make_policy(pairs):
    """Return a function (name, seeds, **settings) -> policy."""
    normalizers = Normalizers.fit(NormalizationConfig(), *(x.numpy() for x in pairs))

    def make(name, seeds=(0,), **settings):
        kind = catalog.load('policy', name)
        small = SMALL_DBC if name == 'dbc' else SMALL
        config = from_values(kind.Config, {**small, **settings})
        return kind(config, 5, 2, normalizers, tuple(seeds))

    return make
