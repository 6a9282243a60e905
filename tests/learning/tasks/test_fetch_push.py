"""FetchPush: the scene of FetchPick with blocked fingers, three actions and a goal on the table."""

import numpy as np
import pytest
from demonstrating import check_no_memory, check_spread, largest_change, run

from adapt_learning.evaluation.simulation import make_task

LEVELS = (0.0, 1.0, 2.0)


@pytest.fixture(scope='module')
def push():
    made = make_task('fetch_push')
    yield made
    made.close()


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
    check_no_memory(push)


def test_its_actions_change_smoothly(push):
    """What a network of moderate size can follow: nowhere a switch from one bound to the other."""
    assert max(largest_change(push, seed) for seed in range(5)) < 0.6


def test_the_spread_that_the_task_states_is_that_of_its_demonstrations(push):
    # A small rotation is twice the vector part of its quaternion.
    check_spread(push, range(12), lambda action: {'gripper_velocity': 1.25 * action}, rel=0.3,
                 convert={'object_rotation': lambda q: 2 * np.sign(q[3]) * q[:3]})
