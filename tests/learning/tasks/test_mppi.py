"""The sampling planner: it solves small systems, its plans are smooth, seeds repeat."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.tasks.mppi import Mppi, MppiConfig, hat_functions
from adapt_learning.tasks.plan_simulator import PlanSimulator

PENDULUM = """
<mujoco>
  <option timestep="0.01"/>
  <worldbody>
    <body>
      <joint name="hinge" type="hinge" axis="0 1 0" damping="0.05"/>
      <geom type="capsule" size="0.02" fromto="0 0 0 0 0 1" mass="1"/>
    </body>
  </worldbody>
  <actuator><motor joint="hinge" ctrlrange="-3 5"/></actuator>
</mujoco>
"""
"""A pole whose motor is too weak to lift it from the side at once (gravity: 4.9 Nm)."""
SUBSTEPS = 5
CONFIG = MppiConfig(samples=32, horizon=16, knots=5, noise=0.5, temperature=0.5)


def upright(qpos, qvel, action):
    """Cost of the pole: it stands at angle 0."""
    return (1 - np.cos(qpos[..., 0]) + 0.02 * qvel[..., 0] ** 2).sum(axis=1)


@pytest.fixture(scope='module')
def model():
    return mujoco.MjModel.from_xml_string(PENDULUM)


def run(model, planner, seed, angle, steps):
    """Return angles [steps] and actions [steps] of an episode."""
    data = mujoco.MjData(model)
    data.qpos[0] = angle
    planner.reset(seed)
    angles, actions = [], []
    for _ in range(steps):
        actions.append(planner.plan(data.qpos, data.qvel)[0])
        data.ctrl[:] = planner.control(actions[-1])
        mujoco.mj_step(model, data, SUBSTEPS)
        angles.append(data.qpos[0])
    return np.array(angles), np.array(actions)


def test_it_swings_a_pole_up_and_keeps_it_there(model):
    angles, _ = run(model, Mppi(model, SUBSTEPS, upright, CONFIG), 0, angle=np.pi, steps=120)
    assert (np.cos(angles[-20:]) > 0.97).all()


def test_the_same_seed_gives_the_same_actions_bit_by_bit(model):
    planner = Mppi(model, SUBSTEPS, upright, CONFIG)
    _, first = run(model, planner, 3, angle=1.0, steps=15)
    _, again = run(model, planner, 3, angle=1.0, steps=15)
    _, twin = run(model, Mppi(model, SUBSTEPS, upright, CONFIG), 3, angle=1.0, steps=15)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, twin)
    assert (run(model, planner, 4, angle=1.0, steps=15)[1] != first).any()


def test_what_it_simulates_is_what_happens(model):
    simulator = PlanSimulator(model, SUBSTEPS)
    actions = np.random.default_rng(0).uniform(-1, 1, (2, 6, 1))
    qpos, qvel = simulator.simulate(simulator.state(np.array([0.3]), np.array([-1.0])), actions)
    assert qpos.shape == qvel.shape == (2, 6, 1)
    data = mujoco.MjData(model)
    data.qpos[0], data.qvel[0] = 0.3, -1.0
    for step in range(6):
        data.ctrl[:] = simulator.control(actions[1, step])
        mujoco.mj_step(model, data, SUBSTEPS)
        assert qpos[1, step] == pytest.approx(data.qpos, abs=1e-9)
        assert qvel[1, step] == pytest.approx(data.qvel, abs=1e-9)


def test_actions_span_the_control_range(model):
    planner = Mppi(model, SUBSTEPS, upright, CONFIG)
    np.testing.assert_allclose(planner.control(np.array([[-1.0], [0.0], [1.0]])),
                               [[-3.0], [1.0], [5.0]])
    with_much_noise = Mppi(model, SUBSTEPS, upright, replace(CONFIG, noise=10.0))
    _, actions = run(model, with_much_noise, 0, angle=2.0, steps=10)
    assert (abs(actions) <= 1).all() and abs(actions).max() > 0.5


def test_the_plan_is_carried_on_by_a_step(model):
    """With hardly any noise the plan stays, so what comes next was planned before."""
    planner = Mppi(model, SUBSTEPS, upright, replace(CONFIG, noise=1e-9))
    planner.nominal = np.linspace(-1, 1, CONFIG.horizon)[:, None]
    expected = planner.nominal[:3, 0]
    found = [planner.plan(np.zeros(1), np.zeros(1))[0] for _ in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert planner.nominal.shape == (CONFIG.horizon, 1)
    np.testing.assert_allclose(planner.nominal[-4:], 1.0, atol=1e-6)


def test_a_cost_that_is_not_finite_counts_for_nothing(model):
    def broken(qpos, qvel, action):
        costs = upright(qpos, qvel, action)
        costs[1::2] = np.nan
        return costs
    planner = Mppi(model, SUBSTEPS, broken, CONFIG)
    assert np.isfinite(planner.plan(np.ones(1), np.zeros(1))).all()
    assert np.isfinite(planner.nominal).all()


def test_noise_is_linear_between_its_knots():
    blend = hat_functions(7, 3)
    np.testing.assert_allclose(blend @ [0.0, 3.0, -3.0], [0, 1, 2, 3, 1, -1, -3])
    np.testing.assert_allclose(hat_functions(4, 1), np.ones((4, 1)))


@pytest.mark.parametrize('change', [{'samples': 1}, {'horizon': 0}, {'knots': 0}, {'noise': 0.0},
                                    {'temperature': -1.0}, {'iterations': 0}])
def test_a_setting_out_of_range_is_refused(change):
    with pytest.raises(SettingError, match=next(iter(change))):
        MppiConfig(**change)
