"""HandRotate: gymnasium-robotics' hand, the published starts and goals, demonstrators that plan."""

import numpy as np
import pytest
from demonstrating import run

from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.hand_rotate import about_vertical


@pytest.fixture(scope='module')
def hand():
    made = make_task('hand_rotate')
    yield made
    made.close()


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
