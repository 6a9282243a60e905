"""The demonstrators of FetchPick succeed, in about 34 steps, and the default one has no memory."""

import numpy as np
import pytest
from demonstrating import check_no_memory

from adapt_learning.errors import SettingError


@pytest.fixture(scope='module')
def runs(task):
    """Return (successes, lengths) of 60 episodes of the default expert per noise level."""
    result = {}
    for level in (1.0, 2.0):
        successes, lengths = [], []
        for seed in range(60):
            task.reset(seed=seed, options={'noise_level': level})
            expert = task.expert()
            expert.reset(seed)
            terminated = truncated = False
            while not (terminated or truncated):
                action = expert.act(task.raw())
                assert action.shape == (4,) and (abs(action) <= 1).all()
                _, _, terminated, truncated, _ = task.step(action)
            successes.append(terminated)
            lengths.append(task.steps)
        result[level] = np.array(successes), np.array(lengths)
    return result


@pytest.mark.parametrize('level, least', [(1.0, 0.99), (2.0, 0.95)])
def test_the_expert_succeeds(runs, level, least):
    assert runs[level][0].mean() >= least


@pytest.mark.parametrize('level', [1.0, 2.0])
def test_its_episodes_are_as_long_as_the_published_ones(runs, level):
    """The dissertation has 303 demonstrations with 10k pairs: 33 steps each."""
    assert 30 <= runs[level][1].mean() <= 37


def test_the_default_expert_has_no_memory(task):
    """The demonstrations are a function of the observation, so a policy can learn them."""
    check_no_memory(task)


def test_an_expert_does_not_change_what_it_looks_at(task):
    task.reset(seed=1)
    raw = task.raw()
    before = {key: value.copy() for key, value in raw.items()}
    expert = task.expert()
    expert.reset(0)
    expert.act(raw)
    assert all((raw[key] == before[key]).all() for key in before)


def test_every_expert_can_be_had_by_name_and_succeeds(task):
    for name in task.experts:
        task.reset(seed=2)
        expert = task.expert(name)
        expert.reset(2)
        while True:
            _, _, terminated, truncated, _ = task.step(expert.act(task.raw()))
            if terminated or truncated:
                break
        assert terminated, name


def test_an_unknown_expert_is_told_with_the_ones_there_are(task):
    with pytest.raises(SettingError, match="no expert 'genius'; allowed: " + ', '.join(
            task.experts)):
        task.expert('genius')
