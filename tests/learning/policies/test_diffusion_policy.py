"""The diffusion policy: its loss and its settings; test_from_noise.py has the rest."""

import pytest
import torch

from adapt_learning.data.chunk import Chunk
from adapt_learning.errors import SettingError
from adapt_learning.policies.diffusion_policy import DiffusionPolicyConfig
from adapt_learning.stacked.config import naming_values
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


@pytest.mark.parametrize('chunk', [{}, {'length': 4, 'executed': 2}])
def test_ancestral_sampling_takes_noise_at_every_step(make_policy, pairs, chunk):
    def policy(**settings):
        return make_policy('diffusion_policy', sampler='ddpm', inference_steps=5, chunk=chunk,
                           **settings)
    made = policy()
    assert made.start(pairs[0]).shape == (64, 5 * made.denoiser.size)
    with torch.no_grad():
        acted = made.act(pairs[0])
        torch.testing.assert_close(made.deployed()(pairs[0]), acted)
        other = policy(start='fixed').act(pairs[0])
    assert not torch.allclose(acted, make_policy(
        'diffusion_policy', inference_steps=5, chunk=chunk).act(pairs[0]))
    assert torch.isfinite(other).all()


def test_one_step_from_pure_noise_blows_up_rounding_and_says_so(make_policy):
    """So that its export is not refused for the last digits; a few steps need no such excuse."""
    def rounding(steps):
        return make_policy('diffusion_policy', inference_steps=steps).rounding
    assert rounding(2) == rounding(10) == rounding(100) == 1e-4 < rounding(1) < 1e-2


def test_settings_that_came_later_name_no_result_where_they_are_as_before():
    config = DiffusionPolicyConfig()
    assert {'chunk', 'sampler', 'prediction'} & naming_values(config).keys() == set()
    changed = DiffusionPolicyConfig(sampler='ddpm', chunk=Chunk(8, 4))
    assert naming_values(changed)['sampler'] == 'ddpm'
    assert naming_values(changed)['chunk'] == {'length': 8, 'executed': 4}


@pytest.mark.parametrize('settings, word', [
    ({'sampler': 'euler'}, 'ddim, ddpm'), ({'prediction': 'velocity'}, 'noise, action'),
    ({'inference_steps': 0}, '1..100 steps'), ({'inference_steps': 101}, '1..100 steps'),
    ({'noise_scale': -1.0}, 'not negative'), ({'start': 'zero'}, 'observation, fixed'),
    ({'action_limit': 0.0}, 'above 0')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        DiffusionPolicyConfig(**settings)
