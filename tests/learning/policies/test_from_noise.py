"""Policies that turn noise into actions: that what they learn comes out of the noise again."""

import pytest
import torch
from small_training import train

from adapt_learning import catalog
from adapt_learning.policies.from_noise import NoisePolicy

NAMES = [name for name in catalog.names('policy')
         if issubclass(catalog.load('policy', name), NoisePolicy)]
pytestmark = pytest.mark.parametrize('name', NAMES)


def test_there_are_some(name):
    assert {'diffusion_policy', 'flow_matching'} <= set(NAMES)


@pytest.mark.parametrize('embedding', ['table', 'sinusoidal'])
def test_deployed_steps_are_those_of_the_policy(make_policy, pairs, name, embedding):
    policy = make_policy(name, inference_steps=7,
                         network={'width': 16, 'depth': 3, 'embedding': embedding})
    with torch.no_grad():
        torch.testing.assert_close(policy.deployed()(pairs[0]), policy.act(pairs[0]))


def test_actions_stay_within_the_limit(make_policy, pairs, name):
    policy = make_policy(name, action_limit=0.5)
    assert policy.act(pairs[0]).abs().max() <= 0.5001


@pytest.mark.parametrize('start', ['observation', 'fixed'])
def test_where_an_action_begins_is_a_setting(make_policy, pairs, name, start):
    def act(**settings):
        return make_policy(name, **{'start': start, **settings}).act(pairs[0])

    torch.testing.assert_close(act(), act(), rtol=0, atol=0)
    assert not torch.allclose(act(), act(noise_seed=1))
    torch.testing.assert_close(act(noise_scale=0.0), act(noise_scale=0.0, noise_seed=1))


def test_it_learns_the_action_that_belongs_to_an_observation(make_policy, learnt, pairs, tmp_path,
                                                             name):
    policy = make_policy(name, **learnt)
    before = (policy.act(pairs[0]) - pairs[1]).abs().mean()
    train(policy, pairs, tmp_path)
    with torch.no_grad():
        after = (policy.act(pairs[0]) - pairs[1]).abs().mean()
    assert after < 0.3 * before and after < 0.2
