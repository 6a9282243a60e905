"""The diffusion policy: its loss, and that what it learns comes out of the noise again."""

import io

import pytest
import torch

from adapt_learning.errors import SettingError
from adapt_learning.policies.diffusion_policy import DiffusionPolicyConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.loop import LoopSettings, run_stages
from adapt_learning.stacked.progress import ProgressReport


def test_the_loss_is_the_error_of_the_predicted_noise(make_policy, pairs):
    policy = make_policy('diffusion_policy')
    stage, batch = policy.stages()[0], policy.prepare(*pairs)
    draws = {k: v[:, 0] for k, v in stage.draw(MemberRandom((0,), 'x'), 1, 64).items()}
    t, noise = draws['t'], draws['noise']
    left = policy.schedule.signal[t][..., None]
    noisy = left * batch.action + (1 - left.square()).sqrt() * noise
    predicted = policy.denoiser(torch.cat([noisy, batch.observation], -1),
                                policy.denoiser.embed(t))
    torch.testing.assert_close(stage.loss(batch, draws)['loss'][0],
                               ((predicted - noise) ** 2).mean(), rtol=1e-4, atol=1e-5)
    assert t.min() >= 0 and t.max() < 100 and noise.shape == (1, 64, 2)


@pytest.mark.parametrize('embedding', ['table', 'sinusoidal'])
def test_deployed_steps_are_those_of_the_policy(make_policy, pairs, embedding):
    policy = make_policy('diffusion_policy', inference_steps=7,
                         network={'width': 16, 'depth': 3, 'embedding': embedding})
    with torch.no_grad():
        torch.testing.assert_close(policy.deployed()(pairs[0]), policy.act(pairs[0]))


def test_actions_stay_within_the_limit(make_policy, pairs):
    policy = make_policy('diffusion_policy', action_limit=0.5)
    assert policy.act(pairs[0]).abs().max() <= 0.5001


@pytest.mark.parametrize('start', ['observation', 'fixed'])
def test_where_an_action_begins_is_a_setting(make_policy, pairs, start):
    def act(**settings):
        settings = {'start': start, **settings}
        return make_policy('diffusion_policy', **settings).act(pairs[0])

    torch.testing.assert_close(act(), act(), rtol=0, atol=0)
    assert not torch.allclose(act(), act(noise_seed=1))
    torch.testing.assert_close(act(noise_scale=0.0), act(noise_scale=0.0, noise_seed=1))


class _NoLog:
    def write(self, stage, step, values):
        pass


def test_it_learns_the_action_that_belongs_to_an_observation(make_policy, pairs, tmp_path):
    policy = make_policy(
        'diffusion_policy', network={'width': 32, 'depth': 2, 'embedding': 'sinusoidal'},
        optimization={'steps': 1000, 'batch': 128, 'learning_rate': 3e-3, 'warmup_steps': 10,
                      'ema_decay': 0.99, 'precision': 'float32'})
    batch = policy.prepare(*pairs)
    before = (policy.act(pairs[0]) - pairs[1]).abs().mean()
    run_stages(policy, batch, None, LoopSettings(tmp_path, _NoLog(), ProgressReport(io.StringIO())))
    with torch.no_grad():
        after = (policy.act(pairs[0]) - pairs[1]).abs().mean()
    assert after < 0.3 * before and after < 0.2


@pytest.mark.parametrize('settings, word', [
    ({'inference_steps': 0}, '1..100 steps'), ({'inference_steps': 101}, '1..100 steps'),
    ({'noise_scale': -1.0}, 'not negative'), ({'start': 'zero'}, 'observation, fixed'),
    ({'action_limit': 0.0}, 'above 0')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        DiffusionPolicyConfig(**settings)
