"""Flow matching: its loss, its Euler steps, its settings; test_from_noise.py has the rest."""

import pytest
import torch
from small_training import train

from adapt_learning.errors import SettingError
from adapt_learning.policies.flow_matching import FlowMatchingConfig
from adapt_learning.stacked.layers import MemberRandom


def test_the_loss_is_the_error_of_the_velocity(make_policy, pairs):
    policy = make_policy('flow_matching')
    stage, batch = policy.stages()[0], policy.prepare(*pairs)
    draws = {k: v[:, 0] for k, v in stage.draw(MemberRandom((0,), 'x'), 1, 64).items()}
    t, noise = draws['t'], draws['noise']
    tau = t[..., None] / 100
    x = torch.lerp(noise, batch.action, tau)
    predicted = policy.denoiser(torch.cat([x, batch.observation], -1), policy.denoiser.embed(t))
    torch.testing.assert_close(stage.loss(batch, draws)['loss'][0],
                               (predicted - batch.action + noise).square().mean(),
                               rtol=1e-4, atol=1e-5)
    assert t.min() >= 0 and t.max() < 100 and noise.shape == (1, 64, 2)


@pytest.mark.parametrize('steps', [1, 3, 7, 100])
def test_euler_steps_go_from_noise_to_the_action(make_policy, steps):
    policy = make_policy('flow_matching', inference_steps=steps)
    assert policy.times[0] == 0 and len(policy.times) == len(policy.lengths) == steps
    assert sum(policy.lengths) == pytest.approx(1.0) and min(policy.lengths) > 0


def test_of_two_ways_to_act_it_takes_one_and_not_their_mean(make_policy, learnt, tmp_path):
    """What behavioural cloning cannot: its action would be 0, which nobody demonstrated."""
    generator = torch.Generator().manual_seed(0)
    observation = torch.randn(512, 5, generator=generator)
    sign = torch.randint(0, 2, (512, 1), generator=generator) * 2 - 1
    action = 0.8 * sign * torch.ones(512, 2)
    policy = train(make_policy('flow_matching', inference_steps=10, **learnt),
                   (observation, action), tmp_path)
    with torch.no_grad():
        chosen = policy.act(torch.randn(400, 5, generator=generator))[:, 0]
    assert (chosen.abs() > 0.4).float().mean() > 0.85
    assert 0.25 < (chosen > 0).float().mean() < 0.75


@pytest.mark.parametrize('settings, word', [
    ({'inference_steps': 0}, '1..resolution'), ({'inference_steps': 101}, '1..resolution'),
    ({'noise_scale': -1.0}, 'not negative'), ({'start': 'zero'}, 'observation, fixed'),
    ({'action_limit': 0.0}, 'above 0')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        FlowMatchingConfig(**settings)
