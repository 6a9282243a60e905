"""Flow matching: its loss, its Euler steps, its settings; test_from_noise.py has the rest."""

import pytest
import torch

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


def test_the_action_says_the_velocity(make_policy, pairs):
    """A network that always says the right action leads there in any number of steps."""
    policy = make_policy('flow_matching', prediction='action', inference_steps=4)
    action = policy.prepare(*pairs).action[0]
    noise = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    made = policy.solver(lambda x, i: action, noise, policy.low, policy.high)
    torch.testing.assert_close(made, action, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('steps', [1, 3, 7, 100])
def test_euler_steps_go_from_noise_to_the_action(make_policy, steps):
    policy = make_policy('flow_matching', inference_steps=steps)
    assert policy.times[0] == 0 and len(policy.times) == len(policy.lengths) == steps
    assert sum(policy.lengths) == pytest.approx(1.0) and min(policy.lengths) > 0


@pytest.mark.parametrize('settings, word', [
    ({'prediction': 'noise'}, 'velocity, action'),
    ({'inference_steps': 0}, '1..resolution'), ({'inference_steps': 101}, '1..resolution'),
    ({'noise_scale': -1.0}, 'not negative'), ({'start': 'zero'}, 'observation, fixed'),
    ({'action_limit': 0.0}, 'above 0')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        FlowMatchingConfig(**settings)
