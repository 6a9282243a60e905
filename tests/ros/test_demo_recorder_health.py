"""When a topic is not well: rates by stamps, ages by a steady clock, silence that is in order."""

import math

import pytest
from adapt_msgs.msg import TopicHealth
from geometry_msgs.msg import PoseStamped, TwistStamped
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Float64MultiArray

from adapt_learning.frames import load_contract
from adapt_learning.frames.layout import Layout
from adapt_ros.codecs import set_stamp
from adapt_ros.recording.health import HealthLimits, TopicWatch
from adapt_ros.recording.topics import wanted

S = 1_000_000_000
TOPICS = {t.expected.topic: t for t in wanted(
    load_contract('fetch_robot'), 'episode', False, [], '/r')}


def watch_of(topic, **limits):
    return TopicWatch(TOPICS[topic].expected, Layout(load_contract('fetch_robot')),
                      HealthLimits(**limits))


def pose(stamp_s, x=0.0):
    message = PoseStamped()
    set_stamp(message, round(stamp_s * S))
    message.pose.position.x = x
    return bytes(serialize_message(message))


def joints(stamp_s, names, values):
    message = JointState(name=names, position=values, velocity=values, effort=values)
    set_stamp(message, round(stamp_s * S))
    return bytes(serialize_message(message))


def feed(watch, seconds, rate, speed=1.0, start=0.0):
    """Feed poses of a source with this rate by its stamps, that runs `speed` times real time."""
    for i in range(round(seconds * rate)):
        at = start + i / rate
        watch.take(pose(at), round(at / speed * S), round((at / speed + 100) * S))
    return round((start + (seconds * rate - 1) / rate) / speed * S)


def judged(watch, now_ns, since_ns=0, publishers=1):
    health = watch.judge(now_ns, publishers, since_ns)
    return health.state, health.text


@pytest.mark.parametrize(('rate', 'speed', 'state'), [
    (25, 1, TopicHealth.OK), (100, 1, TopicHealth.OK), (12, 1, TopicHealth.SLOW),
    (25, 4, TopicHealth.OK), (12, 4, TopicHealth.SLOW), (25, 0.2, TopicHealth.OK)])
def test_rates_are_those_of_the_stamps(rate, speed, state):
    """A simulation at four times, or at a fifth of real time is judged by its own time."""
    watch = watch_of('gripper/pose', check_ages=speed == 1)
    now = feed(watch, 6, rate, speed)
    health = watch.judge(now, 1, 0)
    assert health.state == state, health.text
    assert health.rate == pytest.approx(rate, rel=0.01)
    assert health.age == 0 and health.messages == 6 * rate


def test_pictures_are_judged_by_their_stamps_and_what_has_none_not_at_all_in_lockstep():
    """A simulation that runs at a fifth of real time shows 25 pictures a second all the same."""
    pick = {t.expected.topic: t.expected for t in wanted(
        load_contract('fetch_pick'), 'episode', True, [], '/r')}

    def state_of(topic, message, **limits):
        watch = TopicWatch(pick[topic], Layout(load_contract('fetch_pick')), HealthLimits(**limits))
        for i in range(100):
            set_stamp(message, i * S // 25)
            watch.take(bytes(serialize_message(message)), i * S // 5, 0)
        return judged(watch, 99 * S // 5)[0]
    assert state_of('camera/image_raw', Image(data=b'..'), check_ages=False) == TopicHealth.OK
    command = Float64MultiArray(data=[1.0])
    assert state_of('gripper_controller/commands', command, check_ages=False) == TopicHealth.OK
    assert state_of('gripper_controller/commands', command) == TopicHealth.SLOW


def test_late_is_what_is_older_than_allowed():
    watch = watch_of('gripper/pose')
    now = feed(watch, 2, 25)
    assert judged(watch, now + S // 10)[0] == TopicHealth.OK
    state, text = judged(watch, now + S // 5)
    assert (state, text) == (TopicHealth.LATE, 'gripper/pose is late: nothing for 0.20 s, 0.12 s '
                                               'are allowed')
    assert judged(watch, now + S // 5, since_ns=now)[0] == TopicHealth.OK, 'it has only begun'
    assert watch.judge(now + S, 1, None).state == TopicHealth.OK, 'nothing is recorded'
    patient = watch_of('gripper/pose', check_ages=False)
    assert judged(patient, feed(patient, 2, 25) + 5 * S)[0] == TopicHealth.OK, 'lockstep'
    slow = watch_of('tracker/block/pose')  # asof: at most 0.1 s old
    assert judged(slow, feed(slow, 2, 25) + S // 8)[0] == TopicHealth.LATE


def test_what_is_said_once_is_never_late_but_may_be_missing():
    watch = watch_of('goal/pose')
    assert judged(watch, S) == (TopicHealth.MISSING, 'goal/pose is missing: nothing has come')
    watch.take(pose(0), 0, 0)
    assert judged(watch, 1000 * S)[0] == TopicHealth.OK
    assert judged(watch, 1000 * S, publishers=0)[0] == TopicHealth.MISSING
    episode = watch_of('episode')
    assert judged(episode, 10 * S, publishers=0)[0] == TopicHealth.OK, 'the contract needs none'


def test_clocks_that_jump_and_those_that_only_pause():
    watch = watch_of('gripper/pose')
    now = feed(watch, 2, 25)
    watch.take(pose(2.0), now + 30 * S, 0)
    assert judged(watch, now + 30 * S)[0] != TopicHealth.CLOCK_JUMPED, 'a paused simulation'
    watch.take(pose(9.0), now + 31 * S, 0)
    state, text = judged(watch, now + 31 * S)
    assert state == TopicHealth.CLOCK_JUMPED and 'leapt ahead by 6.000 s' in text
    watch.take(pose(8.5), now + 32 * S, 0)
    assert 'went back by 0.500 s' in judged(watch, now + 32 * S)[1]
    assert judged(watch, now + 35 * S)[0] == TopicHealth.LATE, 'told for two seconds'
    watch.restart()
    watch.take(pose(1.0), now + 36 * S, 0)
    assert judged(watch, now + 36 * S)[0] == TopicHealth.OK, 'another episode'


def test_safe_commands_in_lockstep_have_a_clock_of_their_own():
    def leap(**limits):
        watch = watch_of('servo/delta_twist_cmds', **limits)
        for at, stamp in ((1.0, 1.0), (1.1, 1.1), (1.2, 900.0), (1.3, 1.2)):
            message = TwistStamped()
            set_stamp(message, round(stamp * S))
            watch.take(bytes(serialize_message(message)), round(at * S), 0)
        return judged(watch, round(1.3 * S))[0]
    assert leap() == TopicHealth.CLOCK_JUMPED
    assert leap(check_ages=False) == TopicHealth.OK


def test_what_is_inside_of_messages():
    watch = watch_of('joint_states')
    fingers = ['l_gripper_finger_joint', 'r_gripper_finger_joint']
    watch.take(joints(1, ['wheel'], [math.nan]), S, S)
    assert watch.messages == 0, 'the message of another driver'
    watch.take(joints(1, [*fingers, 'wheel'], [0.0, 0.1, math.nan]), S, S)
    assert judged(watch, S, since_ns=0)[0] == TopicHealth.OK, 'a joint that is not in the contract'
    watch.take(joints(1.02, fingers, [0.0, math.inf]), S, S)
    assert judged(watch, S) == (TopicHealth.NOT_FINITE,
                                'joint_states: NaN or infinity in finger_position')
    watch.take(joints(1.04, fingers[:1], [0.0]), S, S)
    state, text = judged(watch, S)
    assert state == TopicHealth.MALFORMED and 'the contract needs the joints' in text
    watch.take(b'\x00\x01\x00\x00', S, S)
    assert 'cannot be read' in judged(watch, S)[1]


def test_the_least_difference_between_clock_and_stamp_is_kept():
    watch = watch_of('gripper/pose')
    for stamp, wall in ((1.0, 51.3), (2.0, 52.1), (3.0, 53.2)):
        watch.take(pose(stamp), round(stamp * S), round(wall * S))
    assert watch.offset_s == pytest.approx(50.1)


def test_what_is_recorded_of_a_contract():
    topics = wanted(load_contract('fetch_pick'), 'episode', True, ['tf', '/clock'], '/arm')
    names = {t.name: t for t in topics}
    assert list(names) == [
        '/arm/gripper/pose', '/arm/object/pose', '/arm/joint_states', '/arm/goal/pose',
        '/arm/servo/delta_twist_cmds', '/arm/gripper_controller/commands', '/arm/episode',
        '/arm/camera/image_raw', '/arm/camera/camera_info', '/arm/tf', '/clock']
    assert [n for n, t in names.items() if t.keeps_last] == ['/arm/goal/pose', '/arm/episode']
    assert names['/arm/episode'].expected.is_needed, 'goals of an episode need it'
