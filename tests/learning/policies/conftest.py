"""Small policies for the tests of this folder."""

import dataclasses
import typing

import numpy as np
import pytest
import torch

from adapt_learning import catalog
from adapt_learning.policies.base import Normalizers
from adapt_learning.stacked.config import NormalizationConfig, from_values

torch.set_num_threads(1)

SMALL = {'network': {'width': 16, 'depth': 2}, 'networks': 3, 'iterations': 2, 'samples': 32,
         'negatives': 8, 'diffusion': {'network': {'width': 16, 'depth': 2},
                                       'schedule': {'steps': 50}}}


def known(kind, settings):
    """Return those of some nested settings that a configuration class has."""
    hints = typing.get_type_hints(kind)
    return {key: known(hints[key], value) if dataclasses.is_dataclass(hints[key]) else value
            for key, value in settings.items() if key in hints}


@pytest.fixture
def pairs():
    """Return raw pairs: observation [64, 5], action [64, 2]."""
    rng = np.random.default_rng(0)
    observation = rng.normal(2.0, 3.0, (64, 5)).astype(np.float32)
    action = np.tanh(observation[:, :2]).astype(np.float32)
    return torch.from_numpy(observation), torch.from_numpy(action)


@pytest.fixture
def make_policy(pairs):
    """
    Return a function (name, seeds, **settings) -> policy.

    Settings that the policy does not have are left out; the tests of all policies name more than
    each of them has.
    """
    normalizers = Normalizers.fit(NormalizationConfig(), *(x.numpy() for x in pairs))

    def make(name, seeds=(0,), **settings):
        kind = catalog.load('policy', name)
        config = from_values(kind.Config, known(kind.Config, {**SMALL, **settings}))
        return kind(config, 5, 2, normalizers, tuple(seeds))

    return make


@pytest.fixture
def learnt():
    """Return settings with which a policy that turns noise into actions learns in a second."""
    return {'network': {'width': 32, 'depth': 2, 'embedding': 'sinusoidal'},
            'optimization': {'steps': 1000, 'batch': 128, 'learning_rate': 3e-3,
                             'warmup_steps': 10, 'ema_decay': 0.99, 'precision': 'float32'}}
