"""Implicit BC: InfoNCE, the resampling, the search for the lowest energy."""

import math

import pytest
import torch
from torch import nn

from adapt_learning.errors import SettingError
from adapt_learning.policies.implicit_bc import (
    ImplicitBehavioralCloningConfig,
    Search,
    energies,
    info_nce,
    resampled,
    taken,
)
from adapt_learning.stacked.layers import MemberRandom


def test_info_nce_of_an_example():
    energy = torch.tensor([[[0.0, math.log(3.0)], [math.log(2.0), 0.0]]])
    # exp(-E): 1 and 1/3, then 1/2 and 1: shares of the expert 3/4 and 1/3.
    expected = -(math.log(3 / 4) + math.log(1 / 3)) / 2
    assert info_nce(energy).item() == pytest.approx(expected)


def test_the_expert_stands_first_and_counter_examples_fill_the_box(make_policy, pairs):
    policy = make_policy('implicit_bc', (0, 1), negatives=500)
    stage = policy.stages()[0]
    draws = {k: v[:, 0] for k, v in stage.draw(MemberRandom((0, 1), 'x'), 1, 64).items()}
    negative = draws['negative']
    assert negative.shape == (2, 64, 500, 2)
    assert -1 <= negative.min() < -0.99 and 0.99 < negative.max() <= 1
    assert abs(negative.mean()) < 0.01
    batch = policy.prepare(*pairs)
    expert = policy.search.to_box(batch.action).expand(2, -1, -1)
    energy = energies(policy.network, batch.observation.expand(2, -1, -1),
                      torch.cat([expert[:, :, None], negative], 2))
    torch.testing.assert_close(stage.loss(batch, draws)['loss'], info_nce(energy))


def test_energies_are_those_of_each_pair(make_policy, pairs):
    policy = make_policy('implicit_bc', (0, 1))
    observation = policy.prepare(*pairs).observation.expand(2, -1, -1)
    actions = torch.rand(2, 64, 7, 2)
    energy = energies(policy.network, observation, actions)
    pair = torch.cat([observation, actions[:, :, 4]], -1)
    torch.testing.assert_close(energy[:, :, 4], policy.network(pair)[..., 0])


@pytest.mark.parametrize('power', [0, 1, 20])
def test_resampling_takes_each_candidate_as_often_as_its_probability_says(power):
    generator = torch.Generator().manual_seed(0)
    chances = torch.rand(2, 3, 512, generator=generator) ** power
    chances = chances / chances.sum(-1, keepdim=True)
    index = resampled(chances)
    assert index.shape == (2, 3, 512) and index.min() >= 0 and index.max() < 512
    counts = torch.zeros(2, 3, 512).scatter_add(-1, index, torch.ones(2, 3, 512))
    # Systematic resampling never differs by one or more.
    assert ((counts - 512 * chances).abs() < 1.001).all()
    assert (index.diff(dim=-1) >= 0).all()


def test_resampling_of_a_certain_candidate():
    chances = torch.zeros(8)
    chances[3] = 1.0
    assert resampled(chances).tolist() == [3] * 8


def test_taken_candidates_are_those_of_their_own_observation():
    candidates = torch.arange(24.0).reshape(2, 3, 4, 1)
    index = torch.tensor([3, 0]).expand(2, 3, 2)
    assert taken(candidates, index)[..., 0].tolist() == [
        [[3, 0], [7, 4], [11, 8]], [[15, 12], [19, 16], [23, 20]]]


class _Bowl(nn.Module):
    """A network whose energy is lowest at half of the observation, in the box."""

    members = 1

    def forward(self, pair, dropped=None):
        return 200 * (pair[..., 2:] - 0.5 * pair[..., :2]).square().sum(-1, keepdim=True)


def test_the_search_finds_the_lowest_energy():
    center, half = torch.tensor([1.0, -2.0]), torch.tensor([2.0, 0.5])
    search = Search(ImplicitBehavioralCloningConfig(samples=1024), center, half)
    observation = torch.rand(1, 20, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = search(_Bowl(), observation)
    torch.testing.assert_close(search.to_box(found), 0.5 * observation, atol=0.05, rtol=0)
    torch.testing.assert_close(search(_Bowl(), observation), found, rtol=0, atol=0)


def test_rounds_of_the_search_come_nearer():
    center, half = torch.zeros(2), torch.ones(2)
    observation = torch.rand(1, 50, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    errors = []
    for rounds in (1, 3):
        search = Search(ImplicitBehavioralCloningConfig(samples=64, iterations=rounds),
                        center, half)
        errors.append((search(_Bowl(), observation) - 0.5 * observation).abs().mean())
    assert errors[1] < 0.7 * errors[0]


def test_the_box_holds_the_demonstrated_actions_and_no_others(make_policy, pairs):
    policy = make_policy('implicit_bc', action_reach=1.5)
    chosen = policy.act(pairs[0] * 10)
    mean, std = pairs[1].mean(0), pairs[1].std(0, correction=0)
    assert (chosen.abs() <= 1.0001).all()
    assert ((chosen - mean).abs() <= 1.5 * std + 1e-4).all()


@pytest.mark.parametrize('settings, word', [
    ({'samples': 0}, 'samples is at least 1'), ({'iterations': 0}, 'iterations is at least 1'),
    ({'negatives': 0}, 'negatives is at least 1'), ({'noise': 0.0}, 'noise is above 0'),
    ({'action_limit': -1.0}, 'action_limit is above 0')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        ImplicitBehavioralCloningConfig(**settings)
