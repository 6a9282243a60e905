"""FetchPick is what its authors set up: observation, regions, success, episodes."""

import mujoco
import numpy as np
import pytest
from gymnasium_robotics.envs.fetch.pick_and_place import MujocoFetchPickAndPlaceEnv
from hypothesis import given, settings
from hypothesis import strategies as st

from adapt_learning.errors import SettingError
from adapt_learning.evaluation.simulation import make_task

LEVELS = (0.0, 1.0, 1.25, 2.0, 2.5)


def episode(task, seed, level=1.0, steps=50, picture=False):
    """Return the observations of an episode with random actions that end in the expert's."""
    first, _ = task.reset(seed=seed, options={'noise_level': level})
    rng, expert = np.random.default_rng(seed), task.expert()
    expert.reset(seed)
    rows = [first]
    for step in range(steps):
        if picture:
            task.render()
        action = rng.uniform(-1, 1, 4) if step < 10 else expert.act(task.raw())
        observation, _, terminated, truncated, _ = task.step(action)
        rows.append(observation)
        if terminated or truncated:
            break
    return np.stack(rows)


@pytest.fixture(scope='module')
def reference():
    """Return gymnasium-robotics' own environment, whose observation has 25 + 3 numbers."""
    return MujocoFetchPickAndPlaceEnv()


@pytest.mark.parametrize('seed', range(4))
def test_the_observation_is_the_first_13_of_the_stock_28_and_the_goal(task, reference, seed):
    """The stock environment is set to the same start and then goes its own way."""
    observation, _ = task.reset(seed=seed)
    reference.reset(seed=99)
    reference._reset_sim()
    pose = reference._utils.get_joint_qpos(reference.model, reference.data, 'object0:joint')
    pose[:2] = observation[3:5].astype(float)
    reference._utils.set_joint_qpos(reference.model, reference.data, 'object0:joint', pose)
    mujoco.mj_forward(reference.model, reference.data)
    reference.goal = task.goal_m.copy()
    rng, expert = np.random.default_rng(seed), task.expert()
    stock = reference._get_obs()
    for step in range(50):
        published = np.concatenate([stock['observation'], stock['desired_goal']])
        expected = np.concatenate([published[:13], published[25:]])
        assert published.shape == (28,) and observation.shape == (16,)
        assert observation.dtype == np.float32
        # The start is rounded to float32 above; contacts let that grow a little.
        np.testing.assert_allclose(observation, expected, atol=1e-6 if step < 10 else 1e-3)
        action = rng.uniform(-1.5, 1.5, 4) if step < 10 else expert.act(task.raw())
        observation, reward, terminated, _, info = task.step(action)
        stock, _, _, _, stock_info = reference.step(np.asarray(action, dtype=np.float32))
        assert terminated == info['is_success'] == bool(stock_info['is_success'])
        assert reward == float(terminated)
        if terminated:
            break
    assert step > 10


@pytest.fixture(scope='module')
def starts(task):
    """Return block and goal [n, 3] relative to the gripper's start, per noise level."""
    result = {}
    for level in LEVELS:
        rows = []
        for seed in range(300):
            task.reset(seed=seed, options={'noise_level': level})
            rows.append([task.raw()['object_position'], task.goal_m])
        result[level] = np.array(rows) - np.array([*task.start_m[:2], task.rest_height_m])
    return result


@pytest.mark.parametrize('level', LEVELS)
def test_block_and_goal_fill_their_boxes_and_never_leave_them(starts, level):
    """Boxes of 10 x 4 cm at the gripper's left and right, scaled by the level; uniform."""
    for index, center, box in ((0, [0.0, 0.1], [[-0.05, 0.0], [0.05, 0.04]]),
                               (1, [0.0, -0.1], [[-0.05, -0.04], [0.05, 0.0]])):
        low, high = center + level * np.array(box)
        drawn = starts[level][:, index, :2]
        assert (drawn >= low - 1e-9).all() and (drawn <= high + 1e-9).all()
        size = high - low
        if level:
            # Of 300 uniform draws one lies within 3 % of every edge (all but 1 in 10^4 times).
            assert (drawn.min(0) < low + 0.03 * size).all()
            assert (drawn.max(0) > high - 0.03 * size).all()
            share = (drawn - low) / size
            assert (abs(share.mean(0) - 0.5) < 0.06).all()
            assert (abs(share.std(0) - 12 ** -0.5) < 0.03).all()
            assert abs(np.corrcoef(share.T)[0, 1]) < 0.2


@pytest.mark.parametrize('level', LEVELS)
def test_the_block_rests_on_the_table_and_the_goal_is_15_cm_above(starts, level):
    np.testing.assert_allclose(starts[level][:, 0, 2], 0, atol=1e-6)
    np.testing.assert_allclose(starts[level][:, 1, 2], 0.15, atol=1e-12)


def test_block_and_goal_are_drawn_independently(starts):
    drawn = starts[1.0][:, :, :2].reshape(-1, 4)
    assert (abs(np.corrcoef(drawn.T)[:2, 2:]) < 0.2).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), level=st.floats(0, 2.5))
def test_the_same_seed_at_another_level_is_the_same_draw_scaled(task, seed, level):
    offsets = []
    for used in (1.0, level):
        task.reset(seed=seed, options={'noise_level': used})
        offsets.append(np.array([
            task.raw()['object_position'][:2] - task.start_m[:2] - [0, 0.1],
            task.goal_m[:2] - task.start_m[:2] - [0, -0.1]]))
    np.testing.assert_allclose(offsets[1], level * offsets[0], atol=1e-9)


@pytest.mark.parametrize('level', [-0.1, 2.6, np.nan, np.inf])
def test_a_noise_level_outside_of_the_scene_is_refused(task, level):
    with pytest.raises(SettingError, match='noise_level of fetch_pick lies in 0..2.5; got'):
        task.reset(seed=0, options={'noise_level': level})


def test_level_one_is_the_default(task):
    default, _ = task.reset(seed=3)
    explicit, _ = task.reset(seed=3, options={'noise_level': 1.0})
    np.testing.assert_array_equal(default, explicit)


@pytest.mark.parametrize('distance_m, success', [(0.0499, True), (0.0501, False)])
def test_success_is_within_5_cm_of_the_goal(task, distance_m, success):
    task.reset(seed=0)
    direction = np.array([1.0, -2, 2]) / 3
    task.goal_m = task.raw()['object_position'] + distance_m * direction
    assert task.is_success() is success
    _, reward, terminated, truncated, info = task.step(np.zeros(4))
    assert (terminated, truncated, info['is_success']) == (success, False, success)
    assert reward == float(success)


def test_an_episode_without_success_is_truncated_after_50_steps(task):
    task.reset(seed=0)
    for step in range(1, 51):
        _, reward, terminated, truncated, _ = task.step(np.zeros(4))
        assert (reward, terminated, truncated) == (0.0, False, step == 50)
        assert task.frame().stamp_ns == step * 40_000_000
    task.reset(seed=0)
    assert task.steps == 0 and task.frame().stamp_ns == 0


def test_a_success_at_the_last_step_is_a_success_and_no_truncation(task):
    task.reset(seed=0)
    for _ in range(49):
        task.step(np.zeros(4))
    task.goal_m = task.raw()['object_position']
    _, _, terminated, truncated, _ = task.step(np.zeros(4))
    assert terminated and not truncated


def test_the_same_seed_gives_the_same_episode_whatever_came_before(task):
    first = episode(task, seed=5, level=1.25)
    for seed, level in ((8, 2.0), (9, 0.0)):
        episode(task, seed, level, steps=17)
    np.testing.assert_array_equal(episode(task, seed=5, level=1.25), first)
    other = make_task('fetch_pick')
    np.testing.assert_array_equal(episode(other, seed=5, level=1.25), first)
    other.close()
    assert not np.array_equal(episode(task, seed=6, level=1.25)[0], first[0])


def test_pictures_do_not_change_an_episode(task, can_render):
    """The renderer of the stock scene moves the simulation on by a hair."""
    np.testing.assert_array_equal(episode(task, seed=5, picture=True), episode(task, seed=5))
    task.step(np.full(4, 0.5))
    before = task.raw()
    picture = task.render()
    assert picture.dtype == np.uint8 and picture.shape == (240, 320, 3) and picture.std() > 5
    for key, value in task.raw().items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.parametrize('wrong', [
    np.zeros(3), np.zeros((1, 4)), np.array([0, np.nan, 0, 0]), np.array([0, 0, np.inf, 0])])
def test_an_action_of_the_wrong_form_is_refused(task, wrong):
    task.reset(seed=0)
    with pytest.raises(SettingError, match=r'an action of fetch_pick has shape \[4\] and finite'):
        task.step(wrong)
    assert task.steps == 0


def test_actions_are_clipped_to_their_box(task):
    rows = []
    for action in ([5.0, -7, 2, 9], [1.0, -1, 1, 1]):
        task.reset(seed=0)
        rows.append(task.step(np.array(action))[0])
    np.testing.assert_array_equal(*rows)


def test_the_frame_is_made_by_the_contract_from_the_raw_values(task):
    observation, _ = task.reset(seed=4)
    frame = task.layout.frame(0, task.raw())
    np.testing.assert_array_equal(frame.vector, observation)
    assert set(task.raw()) == set(task.layout.raw_keys)


def test_the_marker_of_the_goal_is_drawn_at_the_goal(task):
    """Also in the first picture of an episode, and whatever the one before had shown."""
    for seed in (1, 2):
        task.reset(seed=seed, options={'noise_level': 2.0})
        marker = task._sim.data.site('target0').xpos
        assert marker == pytest.approx(task.goal_m)
        task.step(np.zeros(4))
        assert marker == pytest.approx(task.goal_m)
