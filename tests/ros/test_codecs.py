"""Every type and field that a contract may name survives message and back."""

import math

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Float64MultiArray

from adapt_learning.errors import SampleError
from adapt_learning.frames.messages import FIELDS, STAMPED
from adapt_ros.codecs import decode, encode, message_class, set_stamp, stamp_ns

EVERY = [(kind, field, size) for kind, fields in FIELDS.items() for field, size in fields.items()]


@pytest.mark.parametrize(('kind', 'field', 'size'), EVERY)
def test_every_field_comes_back_bit_by_bit(kind, field, size):
    values = np.random.default_rng(0).standard_normal(size or 5) * 1e3
    names = tuple(f'joint{i}' for i in range(5)) if kind.endswith('JointState') else ()
    message = message_class(kind)()
    encode(message, field, values, names)
    wired = deserialize_message(serialize_message(message), message_class(kind))
    back = decode(wired, field, names)
    assert back.dtype == np.float64 and back.shape == values.shape
    assert (back == values).all()


@pytest.mark.parametrize('kind', sorted(FIELDS))
def test_stamps_come_back_to_the_nanosecond_where_there_is_a_header(kind):
    message = message_class(kind)()
    set_stamp(message, 1_234_567_890_987_654_321)
    assert stamp_ns(message) == (1_234_567_890_987_654_321 if kind in STAMPED else None)


def test_what_is_not_a_number_comes_through_so_that_it_can_be_refused():
    message = message_class('geometry_msgs/msg/PoseStamped')()
    encode(message, 'pose.position', np.array([math.nan, math.inf, -math.inf]))
    assert not np.isfinite(decode(message, 'pose.position')).any()


def test_joints_are_picked_by_name_in_the_order_of_the_contract():
    message = message_class('sensor_msgs/msg/JointState')(
        name=['c', 'a', 'b'], position=[3.0, 1.0, 2.0])
    assert decode(message, 'position', ('a', 'b')).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(('names', 'values', 'said'), [
    (['a'], [1.0], "['b']"), (['a', 'b'], [1.0], '2 names and 1 values')])
def test_joint_states_that_do_not_fit_say_why(names, values, said):
    message = message_class('sensor_msgs/msg/JointState')(name=names, position=values)
    with pytest.raises(SampleError) as error:
        decode(message, 'position', ('a', 'b'))
    assert said in str(error.value)


def test_a_vector_of_the_wrong_length_is_no_command():
    with pytest.raises(ValueError):
        encode(message_class('geometry_msgs/msg/TwistStamped')(), 'twist.linear', np.zeros(2))
    empty = decode(Float64MultiArray(), 'data')
    assert empty.shape == (0,)
