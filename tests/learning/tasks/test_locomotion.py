"""Cheetah and walker: gymnasium's physics and reward, returns, falls, the shipped experts."""

import json

import gymnasium
import numpy as np
import pytest
from demonstrating import check_no_memory, check_spread, run

from adapt_learning.errors import SettingError
from adapt_learning.evaluation.rollout import ExpertController, rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.linear_expert import LinearExpert, LinearPolicy

WANTED = {'cheetah': 4800, 'walker': 5500}
"""Return that demonstrators of the tables shall have at least."""


@pytest.fixture(scope='module', params=list(WANTED))
def task(request):
    made = make_task(request.param)
    yield made
    made.close()


@pytest.fixture(scope='module')
def walker():
    made = make_task('walker')
    yield made
    made.close()


def test_vectors_rate_and_limit_are_those_of_the_dissertation(task):
    assert task.observation_space.shape == (17,) and task.action_space.shape == (6,)
    assert task.spec_.max_steps == 1000 and task.spec_.measure == 'return'
    assert task.contract.rate_hz == pytest.approx(1 / task._sim.dt)


def test_the_contract_names_the_joints_of_the_model(task):
    position, velocity = task.contract.observation
    joints = tuple(task._sim.model.joint(i).name for i in range(task._sim.model.njnt))
    assert tuple(velocity.names) == joints and tuple(position.names) == joints[1:]
    moved = tuple(task._sim.model.joint(int(task._sim.model.actuator_trnid[i, 0])).name
                  for i in range(6))
    assert tuple(task.contract.action[0].names) == moved


def test_observation_and_reward_are_those_of_gymnasium(task):
    other = gymnasium.make(task.environment).unwrapped
    task.reset(seed=5)
    other.reset(seed=0)
    other.set_state(task._sim.data.qpos.copy(), task._sim.data.qvel.copy())
    rng = np.random.default_rng(0)
    for _ in range(15):
        action = rng.uniform(-1, 1, 6)
        observed, reward, terminated, _, info = task.step(action)
        expected, paid, over, _, _ = other.step(action)
        np.testing.assert_allclose(observed, expected, atol=1e-5)
        assert reward == paid and terminated == over and not info['is_success']
    other.close()


def test_a_start_is_as_wide_as_its_level(task):
    widths = []
    for level in (1.0, 2.0):
        starts = []
        for seed in range(40):
            starts.append(task.reset(seed=seed, options={'noise_level': level})[0])
        widths.append(np.std(starts, axis=0).mean())
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.05)
    first = task.reset(seed=0, options={'noise_level': 0.0})[0]
    np.testing.assert_array_equal(first, task.reset(seed=1, options={'noise_level': 0.0})[0])


def test_the_expert_runs_as_well_as_it_has_to(task):
    done = [rollout(task, ExpertController(task.expert()), seed, 1.0) for seed in range(8)]
    assert np.mean([one.total_reward for one in done]) >= WANTED[task.spec_.name]
    assert np.mean([one.success for one in done]) >= 0.75
    assert all(one.success == (one.steps == 1000 and one.total_reward >= task.good_return)
               for one in done)


def test_it_has_no_memory(task):
    check_no_memory(task)


def test_the_spread_that_the_task_states_is_that_of_its_demonstrations(task):
    check_spread(task, range(4), lambda action: {'effort': action}, rel=0.15)


def test_the_search_runs_what_the_task_runs(task):
    policy = task.expert().policy
    total, seen = task.run_linear(policy.gain, policy.center, seed=3)
    _, steps, instants = run(task, task.expert(), 3)
    assert len(seen) == steps
    assert total == pytest.approx(task.total_reward, rel=1e-9)
    np.testing.assert_allclose(seen[-1], np.concatenate(list(instants[-1][0].values())), atol=1e-9)


def test_the_expert_says_how_it_was_found(task):
    facts = task.expert().policy.facts
    assert facts['method'].startswith('augmented random search')
    assert facts['task'] == task.spec_.name
    assert facts['return'] >= WANTED[task.spec_.name] and facts['steps'] > 1e6


def test_a_cheetah_that_lies_still_fails_at_the_limit():
    cheetah = make_task('cheetah')
    cheetah.reset(seed=0)
    for _ in range(1000):
        _, _, terminated, truncated, info = cheetah.step(np.zeros(6))
    cheetah.close()
    assert truncated and not terminated and not info['is_success']


def test_a_walker_that_falls_is_out(walker):
    """Without effort it collapses: the episode ends there and is no success."""
    walker.reset(seed=0)
    over = False
    while not over:
        _, _, terminated, truncated, info = walker.step(np.zeros(6))
        over = terminated or truncated
    assert terminated and not truncated and not info['is_success']
    assert 10 < walker.steps < 500 and walker.is_over()
    steps, reward = walker.steps, walker.total_reward
    total, seen = walker.run_linear(np.zeros((6, 17)), np.zeros(17), seed=0)
    assert len(seen) == steps and total == pytest.approx(reward, rel=1e-9)
    walker.reset(seed=0)
    assert not walker.is_over()

    class Limp:
        stop_text = ''

        def begin(self, seed):
            pass

        def act(self, frame, raw):
            return np.zeros(6)

    done = rollout(walker, Limp(), 0, 1.0)
    assert done.steps == steps and not done.success and not done.episode.success


def test_velocities_of_a_walker_are_cut(walker):
    walker.reset(seed=0)
    walker._sim.set_state(walker._sim.init_qpos, np.full(9, 30.0))
    np.testing.assert_array_equal(walker.raw()['velocity'], 10.0)


def test_a_policy_of_wrong_sizes_is_refused():
    policy = LinearExpert('cheetah').policy
    assert LinearPolicy.from_dict(json.loads(json.dumps(policy.as_dict()))).facts == policy.facts
    with pytest.raises(SettingError, match=r'gain \[A, S\]'):
        LinearPolicy.from_dict({'gain': [[1.0, 2.0]], 'center': [0.0]})
