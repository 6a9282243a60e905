"""What holds for every policy of the catalogue."""

import pytest
import torch

from adapt_learning import catalog
from adapt_learning.policies.base import Batch
from adapt_learning.stacked.layers import MemberRandom

NAMES = catalog.names('policy')


@pytest.mark.parametrize('name', NAMES)
def test_member_of_a_stack_equals_the_policy_alone(make_policy, pairs, name):
    observation = pairs[0]
    stack, alone = make_policy(name, (3, 8, 1)), make_policy(name, (8,))
    actions = stack.act_members(observation[None])
    assert actions.shape == (3, 64, 2)
    torch.testing.assert_close(actions[1], alone.act(observation))
    torch.testing.assert_close(stack.member(1).act(observation), alone.act(observation))
    assert stack.member(1).seeds == (8,)
    for (name_a, a), (name_b, b) in zip(stack.member(1).state_dict().items(),
                                        alone.state_dict().items(), strict=True):
        assert name_a == name_b
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize('name', NAMES)
def test_act_of_a_stack_is_refused(make_policy, pairs, name):
    with pytest.raises(ValueError, match='act_members'):
        make_policy(name, (0, 1)).act(pairs[0])


@pytest.mark.parametrize('name', NAMES)
def test_deployed_module_is_the_policy(make_policy, pairs, name):
    for settings in ({}, {'network': {'width': 8, 'depth': 1, 'layer_norm': True,
                                      'activation': 'gelu'}}):
        policy = make_policy(name, **settings)
        torch.testing.assert_close(policy.deployed()(pairs[0]), policy.act(pairs[0]))


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('settings', [
    {}, {'observation_noise': 0.1, 'distance': 'huber',
         'network': {'width': 16, 'depth': 2, 'dropout': 0.3, 'layer_norm': True}}])
def test_every_stage_of_a_stack_has_the_losses_of_its_members(make_policy, pairs, name, settings):
    stack, alone = make_policy(name, (3, 8), **settings), make_policy(name, (8,), **settings)
    for both, one in zip(stack.stages(), alone.stages(), strict=True):
        losses = []
        for policy, stage in ((stack, both), (alone, one)):
            stage.begin(torch.float32)
            batch = policy.prepare(*pairs)
            with torch.no_grad():
                samples = stage.samples(batch)
            draws = stage.draw(MemberRandom(policy.seeds, 'x'), 2, samples.count)
            losses.append(stage.loss(samples, {k: v[:, 1] for k, v in draws.items()}))
            assert stage.score(batch).shape == (policy.members,)
        assert losses[0]['loss'].shape == (2,)
        for key, value in losses[1].items():
            torch.testing.assert_close(losses[0][key][1:], value)


@pytest.mark.parametrize('name', NAMES)
def test_every_stage_has_the_gradient_of_its_loss(make_policy, pairs, name):
    """Finite differences along a random direction of all weights of the stage."""
    policy = make_policy(name, network={'width': 16, 'depth': 2, 'activation': 'tanh'})
    for stage in policy.stages():
        stage.begin(torch.float32)
        with torch.no_grad():
            batch = stage.samples(policy.prepare(*pairs))
        draws = {k: v[:, 0] for k, v in stage.draw(
            MemberRandom((0,), 'x'), 1, batch.count).items()}
        parameters = list(stage.module.parameters())
        gradients = torch.autograd.grad(stage.loss(batch, draws)['loss'].sum(), parameters)
        slope = torch.stack([g.double().square().sum() for g in gradients]).sum()
        step = 1e-2 / slope.sqrt()
        values = []
        for sign in (1, -1, -1):
            with torch.no_grad():
                for p, g in zip(parameters, gradients, strict=True):
                    p.add_(sign * step.float() * g)
                values.append(float(stage.loss(batch, draws)['loss']))
        measured = (values[0] - values[2]) / (2 * float(step))
        assert measured == pytest.approx(float(slope), rel=0.05)


@pytest.mark.parametrize('name', NAMES)
def test_prepared_pairs_are_normalised_once(make_policy, pairs, name):
    batch = make_policy(name).prepare(*pairs)
    assert isinstance(batch, Batch)
    for x in (batch.observation, batch.action):
        torch.testing.assert_close(x.mean((0, 1)), torch.zeros(x.shape[-1]), atol=1e-5, rtol=0)
        torch.testing.assert_close(x.std((0, 1), correction=0), torch.ones(x.shape[-1]),
                                   atol=1e-4, rtol=0)
