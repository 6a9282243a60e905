"""The diffusion policy: its loss and its settings; test_from_noise.py has the rest."""

import pytest
import torch

from adapt_learning.errors import SettingError
from adapt_learning.policies.diffusion_policy import DiffusionPolicyConfig
from adapt_learning.stacked.layers import MemberRandom


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


@pytest.mark.parametrize('settings, word', [
    ({'inference_steps': 0}, '1..100 steps'), ({'inference_steps': 101}, '1..100 steps'),
    ({'noise_scale': -1.0}, 'not negative'), ({'start': 'zero'}, 'observation, fixed'),
    ({'action_limit': 0.0}, 'above 0')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        DiffusionPolicyConfig(**settings)
