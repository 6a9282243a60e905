"""Every task of the catalogue: made, reset, stepped, demonstrated. No task is named here."""

import numpy as np
import pytest

from adapt_learning import catalog
from adapt_learning.errors import SettingError
from adapt_learning.frames import load_contract

pytestmark = pytest.mark.parametrize('name', catalog.names('task'))


def test_it_says_who_it_is_and_its_contract_loads(tasks, name):
    spec = tasks(name).spec_
    assert spec.name == name and spec.title and spec.max_steps > 0
    assert spec.measure in ('success', 'return')
    assert tasks(name).contract == load_contract(name)
    assert 1.0 in spec.noise_levels and max(spec.noise_levels) <= spec.max_noise_level


def test_a_reset_gives_a_finite_observation_of_the_contract_s_size(tasks, name):
    task = tasks(name)
    for level in (0.0, *task.spec_.noise_levels, task.spec_.max_noise_level):
        observation, info = task.reset(seed=1, options={'noise_level': level})
        assert observation.dtype == np.float32
        assert observation.shape == (task.contract.observation_spec.size,)
        assert observation in task.observation_space and np.isfinite(observation).all()
        assert info['is_success'] is False


def test_a_step_gives_the_five_values_of_gymnasium(tasks, name):
    task = tasks(name)
    task.reset(seed=1)
    task.action_space.seed(0)
    observation, reward, terminated, truncated, info = task.step(task.action_space.sample())
    assert observation in task.observation_space and np.isfinite(observation).all()
    assert isinstance(reward, float) and np.isfinite(reward)
    assert isinstance(terminated, bool) and isinstance(truncated, bool)
    assert info == {'is_success': terminated}
    assert task.frame().stamp_ns == task.contract.period_ns


def test_its_raw_values_are_what_the_contract_receives(tasks, name):
    task = tasks(name)
    observation, _ = task.reset(seed=1)
    raw = task.raw()
    assert set(raw) == set(task.layout.raw_keys)
    for key, value in raw.items():
        task.layout.check_raw(key, value)
        value += 1  # a copy: the simulation does not notice
    np.testing.assert_array_equal(task.frame().vector, observation)


def test_the_same_seed_gives_the_same_start_and_another_another(tasks, name):
    task = tasks(name)
    first, _ = task.reset(seed=7)
    task.step(np.zeros(task.action_space.shape))
    np.testing.assert_array_equal(task.reset(seed=7)[0], first)
    assert not np.array_equal(task.reset(seed=8)[0], first)


def test_its_experts_act_within_the_box(tasks, name):
    task = tasks(name)
    assert task.experts
    for expert_name in task.experts:
        expert = task.expert(expert_name)
        task.reset(seed=2)
        expert.reset(2)
        for _ in range(5):
            action = expert.act(task.raw())
            assert action.shape == task.action_space.shape
            assert np.isfinite(action).all() and (abs(action) <= 1).all()
            task.step(action)


def test_wrong_actions_and_levels_are_refused(tasks, name):
    task = tasks(name)
    task.reset(seed=1)
    with pytest.raises(SettingError):
        task.step(np.zeros(task.action_space.shape[0] + 1))
    with pytest.raises(SettingError):
        task.reset(seed=1, options={'noise_level': task.spec_.max_noise_level + 1})
    with pytest.raises(SettingError):
        task.expert('nobody')
