"""Equations 3.3 to 3.6 and the documented differences between text and published code."""

import pytest
import torch

from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch
from adapt_learning.policies.dbc import DiffusionBehavioralCloningConfig, diffusion_model_loss
from adapt_learning.stacked.layers import MemberRandom


def guided(policy, batch, draws=None):
    stage = policy.stages()[1]
    stage.begin(torch.float32)
    if draws is None:
        count = batch.action.shape[1]
        draws = {k: v[:, 0] for k, v in stage.draw(
            MemberRandom(policy.seeds, 'x'), 1, count).items()}
    return stage, draws


def perfect(policy, batch, stage):
    """Make the policy choose exactly the expert's actions of `batch`."""
    stage.predict = lambda *_: batch.action.expand(policy.members, -1, -1).clone(
    ).requires_grad_()
    return stage


@pytest.mark.parametrize('max_on', ['sample', 'batch'])
def test_no_guidance_for_expert_actions(make_policy, pairs, max_on):
    policy = make_policy('dbc', (0, 1), max_on=max_on)
    batch = policy.prepare(*pairs)
    stage, draws = guided(policy, batch)
    losses = perfect(policy, batch, stage).loss(batch, draws)
    assert losses['dm'].tolist() == [0.0, 0.0]
    assert losses['loss'].tolist() == [0.0, 0.0]


def test_total_is_equation_3_6(make_policy, pairs):
    batch = make_policy('dbc').prepare(*pairs)
    for weight in (0.0, 0.5, 30.0):
        policy = make_policy('dbc', lambda_dm=weight)
        stage, draws = guided(policy, batch)
        losses = stage.loss(batch, draws)
        torch.testing.assert_close(losses['loss'], losses['bc'] + weight * losses['dm'])


def test_maximum_per_sample_and_on_the_batch_differ_as_they_should():
    agent = torch.tensor([[1.0, 3.0], [2.0, 2.0], [1.0, 1.0]])
    expert = torch.tensor([[2.0, 1.0], [1.0, 1.5], [4.0, 2.0]])
    # The second pair of the first row is worse by 2, the first one better by 1.
    assert diffusion_model_loss(agent, expert, 'sample').tolist() == [1.0, 0.75, 0.0]
    assert diffusion_model_loss(agent, expert, 'batch').tolist() == [0.5, 0.75, 0.0]
    assert diffusion_model_loss(agent, None).tolist() == [2.0, 2.0, 1.0]


def test_without_the_expert_term_it_is_equation_3_3(make_policy, pairs):
    policy = make_policy('dbc', expert_term=False)
    batch = policy.prepare(*pairs)
    stage, draws = guided(policy, batch)
    assert float(perfect(policy, batch, stage).loss(batch, draws)['dm'].detach()) > 0.1


def test_several_draws_are_averaged_before_the_maximum(make_policy, pairs):
    policy = make_policy('dbc', draws=3)
    batch = policy.prepare(*pairs)
    stage, draws = guided(policy, batch)
    assert draws['t'].shape == (1, 3 * 64)
    singles = []
    chosen = stage.predict(batch, draws)
    for j in range(3):
        part = {k: v[:, 64 * j:64 * (j + 1)] for k, v in draws.items()}
        embedded = stage.frozen.embed(part['t'])
        policy_of_one = make_policy('dbc', draws=1)
        one, _ = guided(policy_of_one, batch)
        singles.append([one._error(batch.observation, a, part, embedded)
                        for a in (chosen, batch.action)])
    agent, expert = (torch.stack([s[i] for s in singles]).mean(0) for i in (0, 1))
    expected = (agent - expert).clamp_min(0).mean(-1)
    torch.testing.assert_close(stage.loss(batch, draws)['dm'], expected)


def test_steps_stay_in_their_range(make_policy):
    policy = make_policy('dbc', t_low=10, t_high=20)
    stage, draws = guided(policy, Batch(torch.zeros(1, 400, 5), torch.zeros(1, 400, 2)))
    assert draws['t'].min() == 10 and draws['t'].max() == 19


def test_guidance_moves_the_action_but_not_the_diffusion_model(make_policy, pairs):
    policy = make_policy('dbc')
    batch = policy.prepare(*pairs)
    stage, draws = guided(policy, batch)
    stage.loss(batch, draws)['dm'].sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in policy.network.parameters())
    assert all(p.grad is None for p in policy.denoiser.parameters())


@pytest.mark.parametrize('settings, word', [
    ({'max_on': 'all'}, 'sample, batch'), ({'lambda_dm': -1.0}, 'not negative'),
    ({'draws': 0}, 'at least 1'), ({'t_low': 5, 't_high': 5}, 't_low < t_high'),
    ({'t_high': 5000}, '0..1000'), ({'distance': 'l1'}, 'mse, huber')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        DiffusionBehavioralCloningConfig(**settings)
