"""AntReach: the published ant, goal and observation, and a trot that has no memory."""

import mujoco
import numpy as np
import pytest
from demonstrating import check_no_memory, check_spread, largest_change, run

from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.ant_reach import build_model


@pytest.fixture(scope='module')
def ant():
    made = make_task('ant_reach')
    yield made
    made.close()


def turned(quaternion, angle):
    """Return a quaternion xyzw turned around the vertical by an angle [rad]."""
    x, y, z, w = quaternion
    c, s = np.cos(angle / 2), np.sin(angle / 2)
    return np.array([c * x - s * y, c * y + s * x, c * z + s * w, c * w - s * z])


def test_vectors_rate_and_limit_are_those_of_the_dissertation(ant):
    assert ant.observation_space.shape == (42,) and ant.action_space.shape == (8,)
    assert ant.spec_.max_steps == 50 and ant.contract.rate_hz == 10
    assert ant.spec_.noise_levels == (0.0, 1.0, 3.0, 5.0)


def test_the_physics_are_the_published_ones():
    model = build_model()
    assert model.opt.timestep == 0.02 and model.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4
    np.testing.assert_array_equal(model.actuator_gear[:, 0], 150)
    np.testing.assert_array_equal(model.actuator_ctrlrange, [[-1, 1]] * 8)
    ant = model.geom_bodyid != model.body('goal').id
    np.testing.assert_array_equal(model.geom_solimp[ant, :3], [[0.8, 0.8, 0.01]] * ant.sum())
    assert (model.geom_contype[~ant] == 0).all() and (model.geom_conaffinity[~ant] == 0).all()


def test_joints_and_motors_are_in_the_order_of_the_contract(ant):
    named = {feature.key: feature.names for feature in
             (*ant.contract.observation, *ant.contract.action)}
    joints = tuple(ant.model.joint(i).name for i in range(1, 9))
    assert named['joint_position'] == named['joint_velocity'] == joints
    assert named['effort'] == tuple(
        ant.model.joint(i).name for i in ant.model.actuator_trnid[:, 0])


def test_the_vector_has_the_order_of_the_published_environment(ant):
    """Positions but x and y, velocities, way to the goal; a goal body lies behind the ant's."""
    ant.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(5):
        vector = ant.step(rng.uniform(-1, 1, 8))[0]
        position, velocity = ant.data.qpos, ant.data.qvel
        goal = [*ant.goal_m, 0.5, 0.5 ** 0.5, 0.5 ** 0.5, 0, 0]
        np.testing.assert_allclose(vector, np.concatenate([
            position[2:], goal, velocity, np.zeros(6), ant.goal_m - position[:2]]), atol=1e-6)


@pytest.mark.parametrize('level', [0.0, 1.0, 5.0, 10.0])
def test_a_start_is_as_noisy_as_its_level_and_the_goal_on_the_semicircle(ant, level):
    rest = ant.model.numeric('init_qpos').data
    angles, off = [], []
    for seed in range(80):
        ant.reset(seed=seed, options={'noise_level': level})
        assert not ant.is_success() and np.linalg.norm(ant.goal_m) == pytest.approx(5)
        angles.append(np.arctan2(ant.goal_m[1], ant.goal_m[0]))
        off.append(np.delete(ant.data.qpos - rest, range(3, 7)))
        assert np.linalg.norm(ant.data.qpos[3:7]) == pytest.approx(1)
        assert 0 < abs(ant.data.qvel).max() <= 0.005
    assert abs(np.array(off)).max() <= 0.01 * level
    assert np.std(off) == pytest.approx(0.01 * level / np.sqrt(3), rel=0.1, abs=1e-12)
    assert min(angles) >= 0 and max(angles) <= np.pi
    assert np.mean(angles) == pytest.approx(np.pi / 2, abs=0.35) and np.ptp(angles) > 2.9


@pytest.mark.parametrize('distance_m, success', [(0.499, True), (0.501, False)])
def test_success_is_within_half_a_metre_and_ends_the_episode(ant, distance_m, success):
    ant.reset(seed=0)
    ant.step(np.zeros(8))
    ant.goal_m = ant.data.qpos[:2] + distance_m * np.array([0.6, 0.8])
    assert ant.is_success() is success


def test_a_fall_ends_nothing_and_who_lies_still_fails_at_the_limit(ant):
    """As published: nobody is stopped for lying on the back."""
    ant.reset(seed=0)
    ant.data.qpos[2:7] = 0.4, 0.0, 1.0, 0.0, 0.0
    for _ in range(50):
        _, reward, terminated, truncated, info = ant.step(np.zeros(8))
        assert not terminated
    assert truncated and not info['is_success']
    assert reward == pytest.approx(1 - ant.distance_m() / 5)


@pytest.mark.parametrize('level', [1.0, 5.0])
def test_the_expert_succeeds_within_two_thirds_of_the_time(ant, level):
    done = [run(ant, ant.expert(), seed, level)[:2] for seed in range(20)]
    assert np.mean([success for success, _ in done]) >= 0.9
    assert 28 < np.mean([steps for _, steps in done]) < 36


def test_it_has_no_memory_and_changes_nothing(ant):
    check_no_memory(ant)


def test_it_does_not_care_where_north_is(ant):
    for raw, action in run(ant, ant.expert(), 4)[2][::5]:
        for angle in (0.5, 2.0, -1.2):
            c, s = np.cos(angle), np.sin(angle)
            x, y, z = raw['goal_offset']
            other = raw | {'torso_orientation': turned(raw['torso_orientation'], angle),
                           'goal_offset': np.array([c * x - s * y, s * x + c * y, z])}
            # Exact for an upright torso; a tilted one has its heading read a little differently.
            np.testing.assert_allclose(ant.expert().act(other), action, atol=1e-6)


def test_its_actions_never_jump_from_end_to_end(ant):
    assert max(largest_change(ant, seed) for seed in range(5)) < 1.0


def test_the_spread_that_the_task_states_is_that_of_its_demonstrations(ant):
    def turn(quaternion):
        return 2 * np.sign(quaternion[3]) * quaternion[:3]
    check_spread(ant, range(20), lambda action: {'effort': 150 * action}, rel=0.25,
                 convert={'torso_orientation': turn, 'torso_height': lambda place: place[2:],
                          'goal_orientation': lambda q: np.zeros(3),
                          'goal_offset': lambda way: way[:2]})


def test_pictures_show_the_goal_wherever_it_is_and_change_nothing(ant, can_render):
    def episode(picture):
        rng, rows = np.random.default_rng(0), [ant.reset(seed=11)[0]]
        for step in range(6):
            if picture and step % 2:
                ant.render()
            rows.append(ant.step(rng.uniform(-1, 1, 8))[0])
        return np.stack(rows)
    np.testing.assert_array_equal(episode(True), episode(False))
    for angle in (0.0, np.pi):
        ant.goal_m = 5 * np.array([np.cos(angle), np.sin(angle)])
        ant.data.mocap_pos[0, :2] = ant.goal_m
        mujoco.mj_forward(ant.model, ant.data)
        red, green, blue = np.moveaxis(ant.render().astype(int), 2, 0)
        assert ((green > red + 40) & (green > blue + 40)).sum() > 50


def test_making_it_leaves_no_file(tmp_path, monkeypatch):
    for name in ('TMPDIR', 'TEMP', 'TMP'):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made = make_task('ant_reach')
    made.reset(seed=0)
    made.close()
    assert not list(tmp_path.iterdir())
