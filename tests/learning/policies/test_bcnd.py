"""BCND: densities, the weights of the pairs, iterations that begin anew and can be resumed."""

import io
import math

import pytest
import torch
from small_training import NoLog

from adapt_learning.errors import SettingError
from adapt_learning.policies.bcnd import (
    NoisyDemonstrationsCloningConfig,
    WeightedBatch,
    gaussian_log_density,
)
from adapt_learning.stacked.checkpoint import load_checkpoint
from adapt_learning.stacked.loop import BLOCK, LoopSettings, TrainingInterrupted, run_stages
from adapt_learning.stacked.progress import ProgressReport


def test_log_density_is_that_of_a_gaussian_up_to_its_constant():
    generator = torch.Generator().manual_seed(0)
    action, mean, log_std = torch.randn(3, 4, 7, 2, generator=generator)
    exact = torch.distributions.Normal(mean, log_std.exp()).log_prob(action).sum(-1)
    constant = -math.log(2 * math.pi)  # two elements of half of it each
    torch.testing.assert_close(gaussian_log_density(action, mean, log_std), exact - constant)


def test_density_of_an_ensemble_is_the_mean_of_its_policies_densities(make_policy, pairs):
    policy = make_policy('bcnd', (3, 8))
    batch = policy.prepare(*pairs)
    mean, log_std = policy.ensemble(batch.observation)
    density = gaussian_log_density(batch.action, mean, log_std).exp().reshape(2, 3, 64).mean(1)
    torch.testing.assert_close(policy.log_density(policy.ensemble, batch).exp(), density)


def test_all_pairs_count_the_same_at_first(make_policy, pairs):
    policy = make_policy('bcnd', (3, 8))
    stage = policy.stages()[0]
    samples = stage.samples(policy.prepare(*pairs))
    assert isinstance(samples, WeightedBatch) and samples.observation.shape == (1, 21, 3, 5)
    assert (samples.weight == 1).all()
    assert stage.loss(samples, {})['counted'].tolist() == [1.0, 1.0]


def test_later_a_pair_counts_by_the_density_of_the_last_ensemble(make_policy, pairs):
    policy = make_policy('bcnd', (3, 8))
    batch = policy.prepare(*pairs)
    stage = policy.stages()[1]
    weights = stage.weights(batch)
    density = policy.log_density(stage.previous, batch).exp()
    torch.testing.assert_close(weights, density / density.mean(-1, keepdim=True))
    assert not torch.allclose(weights, torch.ones_like(weights))


def test_a_pair_that_nobody_expects_counts_for_nothing_and_breaks_nothing(make_policy, pairs):
    """Its density is 0 in every number type."""
    policy = make_policy('bcnd', (3,))
    observation, action = pairs
    batch = policy.prepare(observation, action)
    batch.action[:, 5] = 1e6
    weights = policy.stages()[1].weights(batch)
    assert weights[0, 5] == 0 and torch.isfinite(weights).all()
    assert weights.mean().item() == pytest.approx(1.0, abs=1e-5)
    batch.action[:] = 1e6  # even if that holds for all of them
    assert torch.isfinite(policy.stages()[1].weights(batch)).all()


def test_the_loss_is_the_weighted_negative_log_density(make_policy, pairs):
    policy = make_policy('bcnd', (3,))
    stage = policy.stages()[1]
    samples = stage.samples(policy.prepare(*pairs))
    expected = 0.0
    mean, log_std = stage.module(samples.observation[0].transpose(0, 1))
    for m in range(3):
        log = gaussian_log_density(samples.action[0, :, m], mean[m], log_std[m])
        expected = expected - (samples.weight[0, :, m] * log).mean()
    torch.testing.assert_close(stage.loss(samples, {})['loss'], expected[None])
    assert not samples.weight.requires_grad


@pytest.mark.parametrize('iterations', [1, 2, 3])
def test_ensembles_take_turns_and_the_last_one_acts(make_policy, iterations):
    policy = make_policy('bcnd', iterations=iterations)
    stages = policy.stages()
    assert [stage.name for stage in stages] == [f'iteration_{i + 1}' for i in range(iterations)]
    assert stages[-1].module is policy.ensemble
    for earlier, later in zip(stages[:-1], stages[1:], strict=True):
        assert later.previous is earlier.module and later.module is not earlier.module


def test_an_iteration_begins_anew(make_policy):
    policy = make_policy('bcnd', iterations=3)
    first, _, third = policy.stages()
    first.begin(torch.float32)
    before = [p.clone() for p in first.module.parameters()]
    assert first.module is third.module
    third.begin(torch.float32)
    changed = [not torch.equal(a, b) for a, b in zip(
        before, third.module.parameters(), strict=True)]
    assert all(changed[1:])  # the spread, which begins at 1, is the first


def test_a_spread_that_depends_on_the_state_has_a_floor(make_policy, pairs):
    policy = make_policy('bcnd', std='state', std_floor=0.5)
    x = policy.observation_normalizer.normalize(pairs[0])[None]
    with torch.no_grad():
        policy.ensemble.network.head.bias[..., 2:] = -100.0
        mean, log_std = policy.ensemble(x)
    assert mean.shape == log_std.shape == (3, 64, 2)
    assert log_std.exp().unique().tolist() == pytest.approx([0.5])


@pytest.mark.parametrize('blocks', [1, 3, 4])
def test_a_run_that_was_interrupted_goes_on_as_if_nothing_had_been(make_policy, pairs, tmp_path,
                                                                   blocks):
    """Two blocks per iteration: killed in the first, in the second, at the border to the third."""
    small = {'iterations': 3, 'optimization': {
        'steps': 2 * BLOCK, 'batch': 8, 'precision': 'float32', 'learning_rate': 1e-2}}

    def learn(folder, stop_after, checkpoint=None):
        policy = make_policy('bcnd', (3, 8), **small)
        looks = iter(range(100))
        settings = LoopSettings(folder, NoLog(), ProgressReport(io.StringIO()),
                                lambda: next(looks) == stop_after)
        run_stages(policy, policy.prepare(*pairs), None, settings, checkpoint)
        return policy

    whole = learn(tmp_path, None)
    with pytest.raises(TrainingInterrupted):
        learn(tmp_path, blocks)
    resumed = learn(tmp_path, None, load_checkpoint(tmp_path))
    for name, parameter in whole.named_parameters():
        torch.testing.assert_close(dict(resumed.named_parameters())[name], parameter,
                                   rtol=0, atol=0)


@pytest.mark.parametrize('settings, word', [
    ({'std': 'fixed'}, 'shared, state'), ({'networks': 0}, '1..100 networks'),
    ({'iterations': 0}, 'at least 1'), ({'std_floor': 0.0}, 'std_floor lies in 0..1')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        NoisyDemonstrationsCloningConfig(**settings)
