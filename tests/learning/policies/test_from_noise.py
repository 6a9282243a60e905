"""Policies that turn noise into actions: that what they learn comes out of the noise again."""

import pytest
import torch
from small_training import train

from adapt_learning import catalog
from adapt_learning.data.chunk import Chunk
from adapt_learning.errors import SettingError
from adapt_learning.policies.from_noise import NoisePolicy
from adapt_learning.stacked.config import naming_values
from adapt_learning.stacked.layers import MemberRandom

NAMES = [name for name in catalog.names('policy')
         if issubclass(catalog.load('policy', name), NoisePolicy)]
pytestmark = pytest.mark.parametrize('name', NAMES)


def test_there_are_some(name):
    assert {'diffusion_policy', 'flow_matching'} <= set(NAMES)


@pytest.mark.parametrize('embedding, said', [('table', {}), ('sinusoidal', {}),
                                             ('sinusoidal', {'prediction': 'action'})])
def test_deployed_steps_are_those_of_the_policy(make_policy, pairs, name, embedding, said):
    policy = make_policy(name, inference_steps=7, **said,
                         network={'width': 16, 'depth': 3, 'embedding': embedding})
    with torch.no_grad():
        torch.testing.assert_close(policy.deployed()(pairs[0]), policy.act(pairs[0]))


def test_a_chunk_is_one_vector_for_the_network_and_actions_for_who_executes_them(
        make_policy, pairs, name):
    policy = make_policy(name, (0, 1), chunk={'length': 5, 'executed': 2}, inference_steps=3)
    assert policy.chunk == Chunk(5, 2) and policy.denoiser.size == 5 * 2
    observation, action = pairs[0], pairs[1][:, None].repeat(1, 5, 1)
    batch = policy.prepare(observation, action)
    assert batch.action.shape == (1, 64, 10)
    torch.testing.assert_close(batch.action[0, :, 4:6], policy.prepare(*pairs).action[0])
    with torch.no_grad():
        assert policy.act_members(observation[None]).shape == (2, 64, 5, 2)
        alone = policy.member(1)
        torch.testing.assert_close(alone.deployed()(observation), alone.act(observation))


def test_it_learns_every_action_of_a_chunk(make_policy, learnt, pairs, tmp_path, name):
    """Each action of a chunk is another one, so that their order matters."""
    factors = torch.tensor([1.0, -1.0, 0.5])
    action = pairs[1][:, None] * factors[:, None]
    policy = train(make_policy(name, chunk={'length': 3, 'executed': 3}, **learnt),
                   (pairs[0], action), tmp_path)
    with torch.no_grad():
        acted = policy.act(pairs[0])
    wrong = min((acted - action.roll(i, 1)).abs().mean() for i in (1, 2))
    assert (acted - action).abs().mean() < wrong / 3


def test_chunks_of_one_are_the_policy_without_chunks(make_policy, pairs, name):
    plain, one = make_policy(name), make_policy(name, chunk={'length': 1, 'executed': 1})
    assert plain.config == one.config and plain.act(pairs[0]).shape == (64, 2)
    assert naming_values(plain.config).keys() & {'chunk', 'sampler'} == set()


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


def test_noise_on_the_observation_is_there_in_training_only(make_policy, pairs, name):
    plain, noisy = make_policy(name), make_policy(name, observation_noise=5.0)
    batch = plain.prepare(*pairs)
    stages = [policy.stages()[0] for policy in (plain, noisy)]
    losses = []
    for stage in stages:
        draws = {k: v[:, 0] for k, v in stage.draw(MemberRandom((0,), 'x'), 1, 64).items()}
        losses.append(stage.loss(batch, draws)['loss'])
    assert not torch.allclose(*losses)
    torch.testing.assert_close(*(stage.score(batch) for stage in stages))
    with pytest.raises(SettingError, match='not negative'):
        make_policy(name, observation_noise=-1.0)


@pytest.mark.parametrize('said', [{}, {'prediction': 'action'}])
def test_it_learns_the_action_that_belongs_to_an_observation(make_policy, learnt, pairs, tmp_path,
                                                             name, said):
    policy = make_policy(name, **learnt, **said)
    before = (policy.act(pairs[0]) - pairs[1]).abs().mean()
    train(policy, pairs, tmp_path)
    with torch.no_grad():
        after = (policy.act(pairs[0]) - pairs[1]).abs().mean()
    assert after < 0.3 * before and after < 0.2


@pytest.mark.parametrize('said', [{}, {'prediction': 'action'}])
def test_of_two_ways_to_act_it_takes_one_and_not_their_mean(make_policy, learnt, tmp_path, name,
                                                            said):
    """What behavioural cloning cannot: its action would be 0, which nobody demonstrated."""
    generator = torch.Generator().manual_seed(0)
    observation = torch.randn(512, 5, generator=generator)
    sign = torch.randint(0, 2, (512, 1), generator=generator) * 2 - 1
    action = 0.8 * sign * torch.ones(512, 2)
    policy = train(make_policy(name, inference_steps=10, **learnt, **said),
                   (observation, action), tmp_path)
    with torch.no_grad():
        chosen = policy.act(torch.randn(400, 5, generator=generator))[:, 0]
    assert (chosen.abs() > 0.4).float().mean() > 0.6
    assert 0.25 < (chosen > 0).float().mean() < 0.75
