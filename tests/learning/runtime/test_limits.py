"""No command leaves its limits, whatever the policy says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adapt_learning.frames import load_contract, parse_contract
from adapt_learning.runtime.limits import CommandLimiter

TEXT = """
name: robot
rate_hz: 10
observation:
  - {key: p, topic: p, type: geometry_msgs/msg/Vector3Stamped, field: vector, size: 3, unit: m}
action:
  - {key: speed, topic: v, type: geometry_msgs/msg/Twist, field: linear, size: 3, unit: m/s,
     scale: 2, max_abs: 1.5, max_rate: 4}
  - {key: joint, topic: q, type: std_msgs/msg/Float64, field: data, size: 1, unit: rad,
     max_abs: 3, max_rate: 1, on_stop: hold}
  - {key: grip, topic: g, type: std_msgs/msg/Float64, field: data, size: 1, unit: '1', scale: -0.5,
     on_stop: hold}
safety: {soft_start_s: SOFT}
"""
STEP = {'speed': 0.4, 'joint': 0.1}
LIMIT = {'speed': 1.5, 'joint': 3.0, 'grip': 0.5}
WANTED = st.fixed_dictionaries({
    key: hnp.arrays(float, size, elements=st.floats(-1e9, 1e9))
    for key, size in (('speed', 3), ('joint', 1), ('grip', 1))})


def limiter(soft_start_s=0.0):
    return CommandLimiter(parse_contract(TEXT.replace('SOFT', str(soft_start_s))))


def commands(speed=0.0, joint=0.0, grip=0.0):
    return {'speed': np.full(3, float(speed)), 'joint': np.array([float(joint)]),
            'grip': np.array([float(grip)])}


@given(st.lists(st.one_of(WANTED, st.just('safe')), min_size=1, max_size=12),
       st.sampled_from([0.0, 0.3, 1.0]))
def test_no_command_is_ever_outside_of_its_limits(wishes, soft_start_s):
    limits = limiter(soft_start_s)
    last = {'speed': np.zeros(3)}
    for wish in wishes:
        sent = limits.safe() if wish == 'safe' else limits.apply(wish)
        for key, value in sent.items():
            assert (abs(value) <= LIMIT[key]).all()
            if wish != 'safe' and key in STEP and key in last:
                assert (abs(value - last[key]) <= STEP[key] * (1 + 1e-12)).all()
        last = sent


def test_what_lies_within_the_limits_passes_unchanged():
    limits = limiter()
    for speed in (0.1, 0.4, -0.0):
        wanted = commands(speed, 0.05, 0.5)
        for key, value in limits.apply(wanted).items():
            np.testing.assert_array_equal(value, wanted[key])
    assert limits.limited == 0


def test_a_magnitude_is_cut_at_its_limit():
    limits = limiter()
    assert limits.apply(commands(grip=-0.7))['grip'] == [-0.5]
    assert limits.limited == 1


def test_without_max_abs_the_scale_is_the_limit():
    contract = load_contract('fetch_pick')
    limits = CommandLimiter(contract)
    sent = limits.apply({'gripper_velocity': np.array([9.0, -9, 1]),
                         'gripper_command': np.array([1.04])})
    assert sent['gripper_velocity'].tolist() == [1.25, -1.25, 1.0]
    assert sent['gripper_command'].tolist() == [1.0]


def test_a_velocity_starts_from_rest_and_changes_by_its_rate():
    limits = limiter()
    speeds = [limits.apply(commands(speed=9))['speed'][0] for _ in range(5)]
    np.testing.assert_allclose(speeds, [0.4, 0.8, 1.2, 1.5, 1.5])
    np.testing.assert_allclose(limits.apply(commands(speed=-9))['speed'], 1.1)


def test_the_first_command_of_a_held_quantity_is_free_and_the_next_are_not():
    limits = limiter()
    assert limits.apply(commands(joint=2))['joint'] == [2.0]
    np.testing.assert_allclose(limits.apply(commands(joint=3))['joint'], 2.1)


def test_a_soft_start_grows_to_the_full_command_and_leaves_held_quantities_alone():
    limits = limiter(soft_start_s=0.4)
    sent = [limits.apply(commands(speed=0.5, grip=0.5)) for _ in range(6)]
    np.testing.assert_allclose([s['speed'][0] for s in sent], [0.1, 0.2, 0.3, 0.4, 0.5, 0.5])
    assert all(s['grip'] == [0.5] for s in sent)
    limits.reset()
    np.testing.assert_allclose(limits.apply(commands(speed=0.5))['speed'], 0.1)


def test_the_safe_command_stops_velocities_and_holds_the_rest():
    limits = limiter()
    assert set(limits.safe()) == {'speed'}
    limits.apply(commands(speed=0.3, joint=2, grip=-0.2))
    for _ in range(2):
        safe = limits.safe()
        assert safe['speed'].tolist() == [0, 0, 0]
        assert safe['joint'] == [2.0] and safe['grip'] == [-0.2]
    np.testing.assert_allclose(limits.apply(commands(speed=9))['speed'], 0.4)


def test_a_withdrawn_command_is_not_held():
    limits = limiter()
    limits.apply(commands(grip=0.1))
    limits.apply(commands(grip=0.4))
    limits.withdraw()
    assert limits.safe()['grip'] == [0.1]


@pytest.mark.parametrize('overshoot, counted', [(1.04, 0), (1.06, 1)])
def test_a_little_overshoot_is_cut_but_not_reported(overshoot, counted):
    limits = limiter()
    assert limits.apply(commands(grip=0.5 * overshoot))['grip'] == [0.5]
    assert limits.limited == counted


def test_limits_do_not_change_the_commands_that_were_handed_in():
    wanted = commands(9, 9, 9)
    limiter(1.0).apply(wanted)
    assert wanted['speed'].tolist() == [9, 9, 9] and wanted['grip'] == [9]
