"""FetchPush: the scene of FetchPick with blocked fingers, three actions and a goal on the table."""

import numpy as np
import pytest

from adapt_learning.evaluation.simulation import make_task

LEVELS = (0.0, 1.0, 2.0)


@pytest.fixture(scope='module')
def push():
    made = make_task('fetch_push')
    yield made
    made.close()


def run(task, expert, seed, level=1.0):
    """Return (success, steps, instants) of an episode of an expert."""
    task.reset(seed=seed, options={'noise_level': level})
    expert.reset(seed)
    instants = []
    while True:
        raw = task.raw()
        action = expert.act(raw)
        instants.append((raw, action))
        _, _, terminated, truncated, _ = task.step(action)
        if terminated or truncated:
            return terminated, task.steps, instants


def test_vectors_have_the_sizes_of_the_dissertation(push):
    assert push.observation_space.shape == (16,) and push.action_space.shape == (3,)
    assert push.spec_.max_steps == 60


@pytest.mark.parametrize('level', LEVELS)
def test_goal_and_block_lie_on_the_table_in_the_regions_of_fetch_pick(push, task, level):
    for seed in range(20):
        push.reset(seed=seed, options={'noise_level': level})
        task.reset(seed=seed, options={'noise_level': level})
        raw = push.raw()
        assert raw['goal_position'][2] == push.rest_height_m
        assert raw['object_position'][2] == pytest.approx(push.rest_height_m, abs=1e-6)
        for key in ('object_position', 'goal_position'):
            np.testing.assert_allclose(raw[key][:2] - push.start_m[:2],
                                       task.raw()[key][:2] - task.start_m[:2], atol=1e-9)


def test_the_gripper_stays_closed(push):
    _, _, instants = run(push, push.expert(), 0)
    fingers = np.array([raw['finger_position'] for raw, _ in instants])
    assert (fingers < 0.005).all()


@pytest.mark.parametrize('name, level, least', [
    ('smooth', 1.0, 0.98), ('smooth', 1.5, 0.9), ('staged', 1.0, 0.95)])
def test_the_experts_succeed(push, name, level, least):
    done = [run(push, push.expert(name), seed, level)[0] for seed in range(30)]
    assert np.mean(done) >= least


def test_the_default_expert_has_no_memory_and_changes_nothing(push):
    used = push.expert()
    success, _, instants = run(push, used, 1)
    assert success
    for raw, action in reversed(instants):
        before = {key: value.copy() for key, value in raw.items()}
        np.testing.assert_array_equal(used.act(raw), action)
        np.testing.assert_array_equal(push.expert().act(raw), action)
        assert all((raw[key] == before[key]).all() for key in raw)


def test_its_actions_change_smoothly(push):
    """What a network of moderate size can follow: nowhere a switch from one bound to the other."""
    for seed in range(5):
        actions = np.array([action for _, action in run(push, push.expert(), seed)[2]])
        assert abs(np.diff(actions, axis=0)).max() < 0.6


def test_the_spread_that_the_task_states_is_that_of_its_demonstrations(push):
    values, velocities = {}, []
    for seed in range(12):
        for raw, action in run(push, push.expert(), seed)[2]:
            velocities.append(1.25 * action)
            for key, value in raw.items():
                values.setdefault(key, []).append(value)
    # A small rotation is twice the vector part of its quaternion.
    turned = [2 * np.sign(q[3]) * q[:3] for q in values['object_rotation']]
    values |= {'object_rotation': turned, 'gripper_velocity': velocities}
    assert set(values) == set(push.spec_.spread)
    for key, rows in values.items():
        rms = np.sqrt(np.var(rows, axis=0).mean())
        assert rms == pytest.approx(push.spec_.spread[key], rel=0.3), key
