"""HandRotate: gymnasium-robotics' hand, the published starts and goals, demonstrators that plan."""

import json

import numpy as np
import pytest
from demonstrating import check_spread_of, run

from adapt_learning.errors import SettingError
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.gait import Gait, gait_actions, gait_of
from adapt_learning.tasks.hand_rotate import about_vertical


@pytest.fixture(scope='module')
def hand():
    made = make_task('hand_rotate')
    yield made
    made.close()


@pytest.fixture(scope='module')
def episodes(hand):
    """Return (success, steps, instants) of some episodes of the default expert."""
    return [run(hand, hand.expert(), seed) for seed in range(6)]


def angle_of(quaternion_xyzw):
    """Return the angle about the vertical [rad]."""
    return 2 * np.arctan2(quaternion_xyzw[2], quaternion_xyzw[3])


def test_vectors_rate_and_limit_are_those_of_the_dissertation(hand):
    assert hand.observation_space.shape == (68,) and hand.action_space.shape == (20,)
    assert hand.spec_.max_steps == 50
    assert hand.contract.rate_hz == pytest.approx(1 / hand._sim.dt)


def test_observation_and_physics_are_those_of_gymnasium(hand):
    observed, _ = hand.reset(seed=5)
    stock = hand._sim
    rng = np.random.default_rng(0)
    for _ in range(10):
        expected = stock._get_obs()['observation']
        # Joints, velocities and the block in the published order; its quaternion has w >= 0 there.
        np.testing.assert_allclose(observed[:61], expected, atol=1e-5)
        np.testing.assert_allclose(observed[61:64], 0.0)
        np.testing.assert_allclose(observed[64:], hand.goal_rotation, atol=1e-6)
        observed, *_ = hand.step(rng.uniform(-1, 1, 20))


def test_joints_and_actuators_of_the_contract_are_those_of_the_scene(hand):
    def names(kind, count):
        return tuple(kind(i).name.split(':')[1].removeprefix('A_') for i in range(count))
    assert hand.contract.observation[0].names == names(hand._model.joint, 24)
    assert hand.contract.action[0].names == names(hand._model.actuator, 20)


@pytest.mark.parametrize('level', [0.0, 1.0, 1.5])
def test_starts_and_goals_are_as_wide_as_their_level(hand, level):
    starts, goals = [], []
    for seed in range(40):
        hand.reset(seed=seed, options={'noise_level': level})
        assert not hand.is_success()
        starts.append(hand.raw()['object_position'])
        goals.append(angle_of(hand.raw()['goal_rotation']))
    off = np.abs(np.array(goals) - np.pi / 2)
    assert off.max() <= level * np.pi / 6 + 1e-9
    assert level == 0 or off.max() > 0.8 * level * np.pi / 6
    assert np.all(np.array(starts)[:, 2] > 0.1)


def test_a_turned_block_is_a_success_wherever_it_lies(hand):
    hand.reset(seed=0)
    place, pose = hand._object, hand._data.qpos
    for off, done in ((0.0, True), (0.09, True), (0.11, False)):
        pose[place + 3:place + 7] = about_vertical(angle_of(hand.raw()['goal_rotation']) + off)
        assert hand.is_success() is done
    pose[place + 3:place + 7] = -hand.goal_rotation
    pose[place:place + 3] = [1.2, 1.0, 0.03]
    assert hand.is_success(), 'a quaternion and its negative are the same rotation'
    assert hand.raw()['object_rotation'][3] >= 0


def test_a_dropped_block_ends_nothing(hand):
    hand.reset(seed=1)
    hand._data.qpos[hand._object:hand._object + 3] = [1.2, 1.0, 0.03]
    for _ in range(50):
        _, _, terminated, truncated, info = hand.step(np.zeros(20))
        assert not terminated and not info['is_success']
    assert truncated


def test_a_picture_changes_nothing(hand, can_render):
    rng = np.random.default_rng(1)
    actions = rng.uniform(-1, 1, (8, 20))
    ends = []
    for look in (False, True):
        hand.reset(seed=2)
        for action in actions:
            if look:
                assert hand.render().shape == (240, 320, 3)
            hand.step(action)
        ends.append(hand._data.qpos[:31].copy())
    np.testing.assert_array_equal(*ends)


def test_the_default_expert_turns_the_block_in_time(episodes):
    assert sum(success for success, _, _ in episodes) >= 5
    assert 15 < np.mean([steps for _, steps, _ in episodes]) < 40


def test_its_actions_change_smoothly(episodes):
    """A third of what planning step by step does."""
    changes = [abs(np.diff([action for _, action in instants], axis=0)).mean()
               for _, _, instants in episodes]
    assert np.mean(changes) < 0.2


def test_the_same_seed_gives_the_same_episode_and_another_one_does_not(hand, episodes):
    used = hand.expert()
    for expert in (used, used, hand.expert()):  # whatever it did before
        hand.reset(seed=1)
        expert.reset(1)
        for _, expected in episodes[1][2][:9]:
            action = expert.act(hand.raw())
            np.testing.assert_array_equal(action, expected)
            hand.step(action)
    hand.reset(seed=1)
    used.reset(2)
    for _ in range(2):
        hand.step(used.act(hand.raw()))
    assert (used.act(hand.raw()) != episodes[1][2][2][1]).any()


def test_the_planner_of_single_actions_brings_the_block_nearer(hand):
    hand.reset(seed=3)
    expert = hand.expert('mppi')
    expert.reset(3)
    before = hand.rotation_error_rad()
    for _ in range(12):
        action = expert.act(hand.raw())
        assert action.shape == (20,) and (abs(action) <= 1).all()
        if hand.step(action)[2]:
            break
    assert hand.rotation_error_rad() < before - 0.2


def test_the_spread_that_the_task_states_is_that_of_its_demonstrations(hand, episodes):
    angles = dict.fromkeys(('object_rotation', 'goal_rotation'), lambda q: 2 * q[:3])
    check_spread_of(hand, [one for _, _, instants in episodes for one in instants],
                    lambda action: {'joint_command': action}, rel=0.35, convert=angles)


def test_a_gait_swings_about_its_middle_and_survives_a_file():
    gait = Gait(np.array([0.1, -0.2]), np.array([0.5, -0.3]), np.array([0.0, 1.0]), 2.0)
    times = np.arange(0.25, 0.75, 0.025)  # a whole period, after the ramp
    actions = gait_actions(gait.vector()[None], times)[0]
    np.testing.assert_allclose(actions.mean(0), gait.center, atol=1e-9)
    np.testing.assert_allclose(actions[0], gait.center + gait.swing * np.sin(
        2 * np.pi * 2.0 * 0.25 + gait.phase))
    again = Gait.from_dict(json.loads(json.dumps(gait.as_dict())))
    np.testing.assert_allclose(again.vector(), gait.vector(), atol=1e-6)
    assert gait_actions(gait.vector()[None], np.zeros(1)).any() == np.False_
    with pytest.raises(SettingError, match='per actuator'):
        Gait.from_dict({**gait.as_dict(), 'swing': [0.1]})


def test_the_shipped_gait_says_how_it_was_found_and_is_better_than_none(hand):
    shipped = gait_of('hand_rotate')
    assert shipped.facts['method'].startswith('cross-entropy') and shipped.facts['command']
    scores = hand.score_gaits(np.array([shipped.vector(), np.zeros(61)]), range(3))
    assert scores[0] > scores[1] + 0.2
