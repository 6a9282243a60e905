"""Cheetah: gymnasium's physics and reward, returns instead of a goal, the shipped expert."""

import json

import gymnasium
import numpy as np
import pytest
from demonstrating import check_no_memory, check_spread, run

from adapt_learning.errors import SettingError
from adapt_learning.evaluation.rollout import ExpertController, rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.cheetah import GOOD_RETURN
from adapt_learning.tasks.linear_expert import LinearExpert, LinearPolicy

PUBLISHED = 4800
"""Return that demonstrators of the dissertation's data have at least."""


@pytest.fixture(scope='module')
def cheetah():
    made = make_task('cheetah')
    yield made
    made.close()


def test_vectors_rate_and_limit_are_those_of_the_dissertation(cheetah):
    assert cheetah.observation_space.shape == (17,) and cheetah.action_space.shape == (6,)
    assert cheetah.spec_.max_steps == 1000 and cheetah.spec_.measure == 'return'
    assert cheetah.contract.rate_hz == pytest.approx(1 / cheetah._sim.dt)


def test_observation_and_reward_are_those_of_gymnasium(cheetah):
    other = gymnasium.make('HalfCheetah-v5').unwrapped
    cheetah.reset(seed=5)
    other.reset(seed=0)
    other.set_state(cheetah._sim.data.qpos.copy(), cheetah._sim.data.qvel.copy())
    rng = np.random.default_rng(0)
    for _ in range(15):
        action = rng.uniform(-1, 1, 6)
        observed, reward, terminated, _, info = cheetah.step(action)
        expected, paid, over, _, _ = other.step(action)
        np.testing.assert_allclose(observed, expected, atol=1e-5)
        assert reward == paid and not terminated and not over and not info['is_success']
    other.close()


def test_a_start_is_as_wide_as_its_level(cheetah):
    widths = []
    for level in (1.0, 2.0):
        starts = []
        for seed in range(40):
            starts.append(cheetah.reset(seed=seed, options={'noise_level': level})[0])
        widths.append(np.std(starts, axis=0).mean())
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.05)
    first = cheetah.reset(seed=0, options={'noise_level': 0.0})[0]
    np.testing.assert_array_equal(first, cheetah.reset(seed=1, options={'noise_level': 0.0})[0])


def test_the_expert_runs_as_well_as_the_published_ones(cheetah):
    done = [rollout(cheetah, ExpertController(cheetah.expert()), seed, 1.0) for seed in range(8)]
    assert all(one.steps == 1000 for one in done)
    assert np.mean([one.total_reward for one in done]) >= PUBLISHED
    assert np.mean([one.success for one in done]) >= 0.75
    assert all(one.success == (one.total_reward >= GOOD_RETURN) for one in done)


def test_it_has_no_memory(cheetah):
    check_no_memory(cheetah)


def test_the_spread_that_the_task_states_is_that_of_its_demonstrations(cheetah):
    check_spread(cheetah, range(5), lambda action: {'effort': action}, rel=0.15)


def test_the_search_runs_what_the_task_runs(cheetah):
    policy = cheetah.expert().policy
    total, seen = cheetah.run_linear(policy.gain, policy.center, seed=3)
    _, steps, instants = run(cheetah, cheetah.expert(), 3)
    assert len(seen) == steps == 1000
    assert total == pytest.approx(cheetah.total_reward, rel=1e-9)
    np.testing.assert_allclose(seen[-1], np.concatenate(list(instants[-1][0].values())), atol=1e-9)


def test_who_lies_still_fails_at_the_limit(cheetah):
    cheetah.reset(seed=0)
    for _ in range(1000):
        _, _, terminated, truncated, info = cheetah.step(np.zeros(6))
    assert truncated and not terminated and not info['is_success']


def test_the_expert_says_how_it_was_found(cheetah):
    facts = cheetah.expert().policy.facts
    assert facts['method'].startswith('augmented random search') and facts['task'] == 'cheetah'
    assert facts['return'] >= PUBLISHED and facts['steps'] > 1e6


def test_a_policy_of_wrong_sizes_is_refused():
    policy = LinearExpert('cheetah').policy
    assert LinearPolicy.from_dict(json.loads(json.dumps(policy.as_dict()))).facts == policy.facts
    with pytest.raises(SettingError, match=r'gain \[A, S\]'):
        LinearPolicy.from_dict({'gain': [[1.0, 2.0]], 'center': [0.0]})
