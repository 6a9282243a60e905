"""The stacked denoiser: members are independent, embeddings are per step."""

import pytest
import torch

from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.loss import draw_steps, noise_prediction_error
from adapt_learning.diffusion.schedules import NoiseSchedule, ScheduleConfig
from adapt_learning.errors import SettingError
from adapt_learning.stacked.layers import MemberRandom, StackedLinear

STEPS, SIZE = 50, 6


def make(seeds=(0,), embedding='table', **kwargs):
    config = DenoiserConfig(width=16, depth=2, embedding=embedding, **kwargs)
    return Denoiser(config, SIZE, STEPS, MemberRandom(seeds, 'weights'))


def inputs(members, batch=5):
    random = MemberRandom(range(members), 'inputs')
    return (random.normal(batch, SIZE), random.integers(0, STEPS, batch),
            random.normal(batch, SIZE))


@pytest.mark.parametrize('embedding', ['table', 'sinusoidal'])
def test_member_of_a_stack_equals_the_network_alone(embedding):
    stack, alone = make((3, 7), embedding), make((7,), embedding)
    x, t, _ = inputs(2)
    torch.testing.assert_close(stack(x, stack.embed(t))[1:], alone(x[1:], alone.embed(t[1:])))


@pytest.mark.parametrize('embedding', ['table', 'sinusoidal'])
def test_frozen_copy_computes_the_same_and_does_not_learn(embedding):
    network = make((0, 1), embedding)
    frozen = network.frozen(torch.float32)
    x, t, _ = inputs(2)
    torch.testing.assert_close(frozen(x, frozen.embed(t)), network(x, network.embed(t)))
    assert not any(p.requires_grad for p in frozen.parameters())
    assert all(p.requires_grad for p in network.parameters())


def test_error_is_per_sample_and_reaches_the_action_through_a_frozen_network():
    network, schedule = make(), NoiseSchedule(ScheduleConfig(steps=STEPS))
    frozen = network.frozen(torch.float64)
    pair, t, noise = (x.double() if x.is_floating_point() else x for x in inputs(1))
    pair.requires_grad_()
    # The answer is float32, so the step of the differences is not too small.
    error = noise_prediction_error(frozen, schedule.double(), pair, t, noise)
    assert error.shape == (1, 5)
    gradient, = torch.autograd.grad(error.sum(), pair)
    step = 1e-2
    for d in range(SIZE):
        moved = torch.zeros_like(pair)
        moved[..., d] = step
        with torch.no_grad():
            slope = (noise_prediction_error(frozen, schedule, pair + moved, t, noise)
                     - noise_prediction_error(frozen, schedule, pair - moved, t, noise)
                     ) / (2 * step)
        torch.testing.assert_close(gradient[..., d], slope, atol=2e-3, rtol=2e-2)


def test_antithetic_steps_are_mirror_images():
    random = MemberRandom((0, 1), 'steps')
    t = draw_steps(random, 10, 90, 3, 8, antithetic=True)
    assert t.shape == (2, 3, 8)
    assert (t[..., :4] + t[..., 4:] == 10 + 90 - 1).all()
    assert t.min() >= 10 and t.max() < 90
    assert draw_steps(random, 0, 5, 7, antithetic=True).shape == (2, 7)


def test_draws_of_a_member_do_not_depend_on_the_stack():
    stack, alone = MemberRandom((4, 9), 'x'), MemberRandom((9,), 'x')
    for draw in (lambda r: r.normal(3, 20), lambda r: r.integers(0, 9, 5),
                 lambda r: r.uniform(4)):
        torch.testing.assert_close(draw(stack)[1:], draw(alone), rtol=0, atol=0)
    other = MemberRandom((9,), 'y')
    assert not torch.equal(other.normal(8), MemberRandom((9,), 'x').normal(8))


def test_random_state_comes_back():
    random = MemberRandom((0, 1), 'x')
    random.normal(3)
    state = random.state()
    first = random.normal(5)
    random.restore(state)
    torch.testing.assert_close(random.normal(5), first, rtol=0, atol=0)


@pytest.mark.parametrize('initializer', ['uniform', 'kaiming', 'orthogonal'])
def test_stacked_linear_is_k_linear_layers(initializer):
    layer = StackedLinear(5, 4, MemberRandom((0, 1, 2), 'w'), initializer)
    x = torch.randn(3, 7, 5)
    for k in range(3):
        torch.testing.assert_close(layer(x)[k], x[k] @ layer.weight[k] + layer.bias[k, 0])
    torch.testing.assert_close(layer(x[:1])[2], x[0] @ layer.weight[2] + layer.bias[2, 0])


@pytest.mark.parametrize('settings, word', [
    ({'width': 0}, 'at least 1'), ({'embedding': 'fourier'}, 'table, sinusoidal'),
    ({'activation': 'elu'}, 'relu, tanh'), ({'initializer': 'zeros'}, 'orthogonal')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        DenoiserConfig(**settings)
