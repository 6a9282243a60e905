"""Steps of DDIM with noise: diffusers' numbers, and the density of a Gaussian."""

import pytest
import torch
from diffusers import DDIMScheduler

from adapt_learning.diffusion.transitions import Transitions
from adapt_learning.errors import SettingError


def scheduler(**settings):
    return DDIMScheduler(**{'beta_schedule': 'scaled_linear', 'beta_start': 0.00085,
                            'beta_end': 0.012, 'clip_sample': False, 'set_alpha_to_one': False,
                            'steps_offset': 1, **settings})


@pytest.mark.parametrize('eta', [0.3, 1.0])
@pytest.mark.parametrize('settings', [
    {}, {'prediction_type': 'v_prediction'}, {'prediction_type': 'sample'}, {'clip_sample': True},
    {'timestep_spacing': 'trailing'}, {'set_alpha_to_one': True}])
def test_every_step_is_that_of_diffusers(eta, settings):
    theirs = scheduler(**settings)
    ways = Transitions(scheduler(**settings), 10, eta)
    theirs.set_timesteps(10)
    x, output, noise = torch.randn(3, 2, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    for i, t in enumerate(theirs.timesteps):
        expected = theirs.step(output, t, x, eta=eta, variance_noise=noise).prev_sample
        step = torch.full((2,), i)
        torch.testing.assert_close(ways.follow(ways.mean(x, output, step), noise, step), expected,
                                   rtol=1e-4, atol=1e-5)


def test_log_probability_is_the_mean_log_density_of_a_gaussian():
    ways = Transitions(scheduler(), 10)
    mean, later = torch.randn(2, 3, 4, 5, 5, generator=torch.Generator().manual_seed(1))
    step = torch.tensor([0, 4, 9])
    normal = torch.distributions.Normal(mean, ways.spread[step].view(3, 1, 1, 1))
    torch.testing.assert_close(ways.log_probability(later, mean, step),
                               normal.log_prob(later).mean((1, 2, 3)))


def test_a_step_without_noise_is_not_among_the_random_ones():
    """A schedule that ends without noise has a last step of which no density exists."""
    assert Transitions(scheduler(), 10).random_steps.tolist() == list(range(10))
    ends = Transitions(scheduler(set_alpha_to_one=True), 10)
    assert ends.random_steps.tolist() == list(range(9))
    assert not len(Transitions(scheduler(), 10, eta=0.0).random_steps)


@pytest.mark.parametrize(('steps', 'eta'), [(0, 1.0), (1001, 1.0), (10, -0.1), (10, 1.1)])
def test_what_makes_no_sense_is_refused(steps, eta):
    with pytest.raises(SettingError):
        Transitions(scheduler(), steps, eta)
