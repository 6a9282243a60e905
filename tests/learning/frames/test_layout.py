"""Raw values to vectors, vectors to commands, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.transform import Rotation

from adapt_learning.errors import SampleError
from adapt_learning.frames import Layout, load_contract, parse_contract

LAYOUT = Layout(load_contract('fetch_pick'))
FREE = """
name: free
rate_hz: 10
observation:
  - {key: a, topic: a, type: geometry_msgs/msg/Vector3Stamped, field: vector, size: 2, unit: m, take: [2, 0]}
  - {key: b, topic: b, type: std_msgs/msg/Float64MultiArray, field: data, size: 2, unit: m, take: [1, 3], align: hold}
  - {key: c, topic: c, type: std_msgs/msg/Float64MultiArray, field: data, size: 3, unit: m, align: hold}
  - {key: gap, derive: {op: subtract, of: [a, b]}, size: 2, unit: m}
action:
  - {key: push, topic: push, type: std_msgs/msg/Float64, field: data, size: 1, unit: N, scale: -3}
"""  # noqa: E501


@pytest.fixture
def raw():
    rng = np.random.default_rng(0)
    return {
        'gripper_position': rng.normal(size=3), 'object_position': rng.normal(size=3),
        'finger_position': rng.normal(size=2), 'goal_position': rng.normal(size=3),
        'object_rotation': Rotation.from_euler('XYZ', [0.3, -0.4, 1.2]).as_quat(),
    }


def test_a_frame_converts_selects_and_derives(raw):
    values = LAYOUT.frame(7, raw).values
    np.testing.assert_allclose(values['object_rotation'], [0.3, -0.4])
    np.testing.assert_array_equal(
        values['object_relative_position'], raw['object_position'] - raw['gripper_position'])
    assert LAYOUT.frame(7, raw).stamp_ns == 7


def test_take_selects_in_the_order_it_is_written():
    layout = Layout(parse_contract(FREE))
    frame = layout.frame(0, {'a': [1, 2, 3], 'b': [10, 11, 12, 13, 14], 'c': [0, 0, 0]})
    assert frame.vector.tolist() == [3, 1, 11, 13, 0, 0, 0, 3 - 11, 1 - 13]
    assert layout.observation_spec.labels[:4] == ('a.z', 'a.x', 'b.0', 'b.1')


def test_selected_joints_keep_their_names():
    text = FREE.replace('- {key: b', '- {key: arm, topic: arm, type: sensor_msgs/msg/JointState, '
                        'field: position, names: [shoulder, elbow, wrist], take: [2, 0], size: 2, '
                        'unit: rad}\n  - {key: b')
    layout = Layout(parse_contract(text))
    assert layout.observation_spec.labels[2:4] == ('arm.wrist', 'arm.shoulder')
    assert len(layout.observation_spec.labels) == layout.observation_spec.size
    frame = layout.frame(0, {'a': [1, 2, 3], 'arm': [np.nan, 0, 1], 'b': np.zeros(4),
                             'c': np.zeros(3)})
    assert frame.not_finite() == ('arm.shoulder',)


@pytest.mark.parametrize('key, wrong, needed', [
    ('a', [1, 2], 'needs 3 elements'), ('a', [[1, 2, 3]], r'got shape \[1, 3\]'),
    ('b', [1, 2, 3], 'needs at least 4 elements'), ('c', [1, 2], 'needs 3 elements'),
    ('c', [], r'got shape \[0\]'), ('c', 5.0, r'got shape \[\]'),
])
def test_a_wrong_length_is_refused_with_what_the_contract_says(key, wrong, needed):
    layout = Layout(parse_contract(FREE))
    with pytest.raises(SampleError, match=f"'{key}' .*{needed}"):
        layout.check_raw(key, wrong)


def test_a_missing_raw_value_is_named(raw):
    del raw['goal_position']
    with pytest.raises(SampleError, match="the raw values lack 'goal_position'"):
        LAYOUT.frame(0, raw)


@given(hnp.arrays(np.float32, 4, elements=st.floats(-1e6, 1e6, width=32)))
def test_an_action_comes_back_exactly_from_its_commands(action):
    commands = LAYOUT.commands(action)
    np.testing.assert_array_equal(commands['gripper_velocity'], action[:3].astype(float) * 1.25)
    back = LAYOUT.action(commands)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, action)


@given(hnp.arrays(np.float32, 1, elements=st.floats(-1e6, 1e6, width=32)))
def test_an_action_comes_back_exactly_through_a_negative_scale(action):
    layout = Layout(parse_contract(FREE))
    assert layout.commands(action)['push'] == -3 * action.astype(float)
    np.testing.assert_array_equal(layout.action(layout.commands(action)), action)


@pytest.mark.parametrize('wrong', [np.zeros(3), np.zeros(5), np.zeros((1, 4)), 0.0])
def test_an_action_of_the_wrong_length_is_refused(wrong):
    with pytest.raises(SampleError, match=r'an action has shape \[4\] by the contract'):
        LAYOUT.commands(wrong)


def test_a_command_of_the_wrong_length_is_refused():
    commands = LAYOUT.commands(np.zeros(4))
    with pytest.raises(SampleError, match="command 'gripper_velocity' has 3 elements"):
        LAYOUT.action(commands | {'gripper_velocity': np.zeros(2)})
