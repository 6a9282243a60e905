"""teleop: a person drives the robot, by keys or a joystick, behind the rules of a policy."""

import numpy as np
import pytest
from adapt_msgs.msg import Outcome
from adapt_msgs.srv import SaveRecording, StartRecording
from arm_contract import write_arm_contract
from bench import Robot, activate
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Joy
from std_msgs.msg import String
from std_srvs.srv import Trigger

from adapt_learning.errors import SettingError
from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.bridge import CommandWriter
from adapt_ros.nodes.teleop import Teleop
from adapt_ros.teleop import bindings
from adapt_ros.teleop.drive import Drive
from adapt_ros.teleop.hand import Joystick, Keyboard, Wish

VELOCITY, GRIP = 'servo/delta_twist_cmds', 'gripper_controller/commands'
MS = 1_000_000


@pytest.fixture
def fetch():
    return load_contract('fetch_pick')


@pytest.fixture
def driven(bench):
    """Return a function that gives (node, robot, publisher of keys or joy, states heard)."""
    def put(**parameters):
        node = bench.node(Teleop, **parameters)
        activate(node)
        robot = Robot(bench, load_contract('fetch_pick'), command_qos=QoSProfile(depth=1000))
        states = []
        robot.node.create_subscription(String, 'teleop/state', lambda m: states.append(m.data),
                                       qos.LATCHED_IN)
        joy = parameters.get('source') == 'joy'
        hand = robot.node.create_publisher(Joy if joy else String, 'joy' if joy else 'teleop/keys',
                                           qos.LINES)
        bench.until(lambda: hand.get_subscription_count() and states
                    and all(robot.node.count_publishers(t) for t in (VELOCITY, GRIP)), 'discovery')
        return node, robot, hand, states
    return put


def joy(axes=(), buttons=()):
    message = Joy(axes=[0.0] * 8, buttons=[0] * 11)
    for index, value in dict(axes).items():
        message.axes[index] = value
    for index in buttons:
        message.buttons[index] = 1
    return message


# -- bindings and hands, without ROS ----------------------------------------------------------


def test_every_element_of_the_contract_has_its_pair_of_keys(fetch):
    found = bindings.keys(fetch)
    values = {(b.index, b.value) for b in found.values() if isinstance(b, bindings.Binding)}
    assert values == {(i, v) for i in range(4) for v in (1.0, -1.0)}
    assert found[' '] == 'stop'
    lines = '\n'.join(bindings.describe(found, fetch))
    assert 'w s  gripper_velocity.x (+1 -1)' in lines and 'space  stop' in lines


def test_given_bindings_replace_the_usual_ones(fetch):
    found = bindings.keys(fetch, 'w:gripper_velocity.y=-0.5 9:stop')
    assert (found['w'].index, found['w'].value) == (1, -0.5) and found['9'] == 'stop'
    assert found['s'].index == 0


@pytest.mark.parametrize('wrong', ['w', 'w:gripper.x=1', 'w:gripper_velocity.x=2',
                                   'w:gripper_velocity.x=0', 'w:jump', '9:stop=1'])
def test_a_wrong_binding_is_refused_with_what_is_allowed(fetch, wrong):
    with pytest.raises(SettingError, match=r'elements are gripper_velocity\.x') as caught:
        bindings.keys(fetch, wrong)
    assert f"'{wrong}'" in str(caught.value)


def test_a_key_acts_until_its_time_is_over(fetch):
    hand = Keyboard(bindings.keys(fetch), np.zeros(4), timeout_s=0.5)
    hand.press('w', 0)
    hand.press('a', 300 * MS)
    assert hand.wish(400 * MS, 0.5).action.tolist() == [0.5, 0.5, 0, 0]
    assert hand.wish(600 * MS, 0.5).action.tolist() == [0, 0.5, 0, 0]
    assert hand.wish(600 * MS, 0.5).alive and not hand.wish(801 * MS, 0.5).alive
    hand.press('E', 900 * MS)
    assert hand.wish(950 * MS, 0.5).action.tolist() == [0, 0, 0, 1], 'a gripper knows no speed'
    hand.release()
    assert not hand.wish(950 * MS, 0.5).alive
    assert hand.wish(950 * MS, 0.5).action[3] == 1, 'what is held stays'


def test_without_the_dead_man_a_joystick_moves_nothing(fetch):
    hand = Joystick(bindings.axes(fetch), bindings.buttons(fetch), np.zeros(4), 4, 0.5, 0.1)
    full = [0.0, 1.0, 0, 0, 0, 0, 0, 0]
    assert hand.needs == (5, 8)
    hand.take(full, [0] * 11, 0)
    assert not hand.wish(1, 1.0).alive
    held = [0, 0, 0, 0, 1, 0, 0, 0]
    hand.take(full, held, 0)
    assert hand.wish(1, 1.0) .alive and hand.wish(1, 0.25).action.tolist() == [0.25, 0, 0, 0]
    hand.take([0.0, 0.05, 0, 0, float('nan'), 0, 0, 0], held, 0)
    assert not hand.wish(1, 1.0).alive, 'not a number is no order'
    hand.take([0.0, 0.05, 0, 0, 0, 0, 0, 0], held, 0)
    assert not hand.wish(1, 1.0).action.any(), 'the dead zone'
    assert not hand.wish(501 * MS, 1.0).alive, 'a lost joystick has let go'


def test_after_a_stop_the_dead_man_must_be_let_go_first(fetch):
    hand = Joystick(bindings.axes(fetch), bindings.buttons(fetch), np.zeros(4), 4, 0.5, 0.1)
    held, free = [0, 0, 0, 0, 1], [0] * 5
    hand.take([0.0] * 5, held, 0)
    hand.release()
    hand.take([0.0] * 5, held, 0)
    assert not hand.wish(1, 1.0).alive
    hand.take([0.0] * 5, free, 0)
    hand.take([0.0] * 5, held, 0)
    assert hand.wish(1, 1.0).alive


def test_a_button_gives_its_word_once(fetch):
    hand = Joystick(bindings.axes(fetch), bindings.buttons(fetch), np.zeros(4), 4, 0.5, 0.1)
    down = joy(buttons=[7]).buttons
    assert hand.take([0.0] * 8, down, 0) == ['begin']
    assert hand.take([0.0] * 8, down, 1) == []
    assert hand.take([0.0] * 8, joy().buttons, 2) == []
    assert hand.take([0.0] * 8, down, 3) == ['begin']


def test_limits_soft_start_one_safe_command_and_silence(tmp_path):
    """A person is under the same limits as a policy, each time the dead-man is held anew."""
    _, arm = write_arm_contract(tmp_path, change=('safety:', 'safety:\n  soft_start_s: 0.3'))
    drive = Drive(arm)
    size = arm.action_spec.size
    wish = Wish(True, np.full(size, 1.0))
    moving = next(f for f in arm.action if f.on_stop == 'zero')
    for _ in range(2):
        first = drive.tick(wish)[moving.key]
        last = [drive.tick(wish)[moving.key] for _ in range(20)][-1]
        assert (abs(first) < abs(last)).all() and (abs(last) <= moving.limit).all()
        safe = drive.tick(Wish(False, wish.action))
        assert not safe[moving.key].any()
        assert drive.tick(Wish(False, wish.action)) is None


# -- the node ----------------------------------------------------------------------------------


def test_keys_move_the_robot_and_silence_follows_the_safe_command(bench, driven):
    node, robot, keys, states = driven(key_timeout=0.2, speed=0.5, hold_start=1.0)
    keys.publish(String(data='w'))
    bench.until(lambda: states[-1] == 'driving' and len(robot.of(VELOCITY)) >= 3, 'commands')
    assert robot.of(VELOCITY)[0].tolist() == [0.625, 0, 0]
    bench.until(lambda: states[-1] == 'released', 'the release')
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')
    assert robot.of(GRIP)[-1] == 1.0, 'the grip is held'
    bench.spin_for(0.1)
    heard = len(robot.heard)
    bench.spin_for(0.3)
    assert len(robot.heard) == heard, 'silent'


def test_space_stops_at_once(bench, driven):
    _, robot, keys, states = driven(key_timeout=2.0)
    keys.publish(String(data='wa'))
    bench.until(lambda: robot.of(VELOCITY), 'commands')
    keys.publish(String(data=' '))
    bench.until(lambda: states[-1] == 'stopped', 'the stop')
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')


def test_it_runs_at_the_rate_of_the_contract(bench, driven):
    _, robot, keys, _ = driven(key_timeout=2.0)
    keys.publish(String(data='w'))
    bench.until(lambda: len(robot.of(VELOCITY)) >= 26, 'a second of commands')
    times = [at for at, topic, _ in robot.heard if topic == VELOCITY]
    assert times[25] - times[0] > 0.7, 'not faster than 25 Hz'


def test_speed_can_be_changed(bench, driven):
    _, robot, keys, states = driven(speed=0.5)
    keys.publish(String(data='++++++++'))
    bench.until(lambda: states[-1] == 'speed 100%', 'full speed')
    keys.publish(String(data='w'))
    bench.until(lambda: robot.of(VELOCITY) and robot.of(VELOCITY)[-1][0] == 1.25, 'full speed')


def test_a_joystick_that_goes_silent_has_let_go(bench, driven):
    _, robot, sticks, states = driven(source='joy', joy_timeout=0.2, speed=1.0)
    sticks.publish(joy(axes={1: 1.0}, buttons=[4, 1]))
    bench.until(lambda: robot.of(VELOCITY) and robot.of(VELOCITY)[-1][0] == 1.25, 'commands')
    bench.until(lambda: robot.of(GRIP) and robot.of(GRIP)[-1] == 1.0, 'the grip')
    bench.until(lambda: states[-1] == 'released' and not robot.of(VELOCITY)[-1].any(), 'the end')


def test_a_joystick_with_too_few_axes_is_named(bench, driven):
    _, robot, sticks, states = driven(source='joy')
    sticks.publish(Joy(axes=[1.0, 1.0], buttons=[1]))
    bench.until(lambda: '2 axes and 1 buttons; 5 and 8 are needed' in states[-1], 'the sentence')
    assert not robot.heard


def test_it_yields_to_another_commander(bench, driven):
    """Two commanders never take turns: teleop stops safely, says who, and goes on when alone."""
    _, robot, keys, states = driven(key_timeout=2.0)
    keys.publish(String(data='w'))
    bench.until(lambda: robot.of(VELOCITY), 'commands')
    rival = CommandWriter(robot.node, robot.contract)
    bench.until(lambda: states[-1].startswith('yielding: another node commands'), 'yielding')
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')
    bench.spin_for(0.1)
    heard = len(robot.heard)
    keys.publish(String(data='w'))
    bench.spin_for(0.2)
    assert len(robot.heard) == heard
    rival.destroy()
    bench.until(lambda: states[-1] == 'released', 'the rival is gone')
    keys.publish(String(data='w'))
    bench.until(lambda: len(robot.heard) > heard, 'commands again')


@pytest.mark.parametrize('how', ['deactivate', 'process'])
def test_the_safe_command_is_the_last_word(bench, driven, how):
    node, robot, keys, _ = driven(key_timeout=2.0)
    keys.publish(String(data='w'))
    bench.until(lambda: robot.of(VELOCITY), 'commands')
    if how == 'deactivate':
        node.trigger_deactivate()
    else:
        node.leave_active('the process was asked to end')  # as lifecycle.run does on a signal
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')
    bench.spin_for(0.2)
    assert not robot.of(VELOCITY)[-1].any()


@pytest.fixture
def served():
    """Return a function that offers a service with one answer, and the calls of all of them."""
    called = []

    def serve(node, kind, name, **answer):
        def answered(request, response):
            called.append((name, request))
            for key, value in answer.items():
                setattr(response, key, value)
            return response
        return node.create_service(kind, name, answered)
    return serve, called


def test_keys_for_the_recorder(bench, driven, served):
    """Begin, save as success or failure, discard; the answers are shown."""
    _, robot, keys, states = driven(recorder='rec', session='ses')
    (serve, called), node = served, robot.node
    keys.publish(String(data='n'))
    bench.until(lambda: 'rec/start is not there: wait for demo_recorder' in states[-1], 'the hint')
    serve(node, StartRecording, 'rec/start', success=True, bag='episode_000007')
    serve(node, SaveRecording, 'rec/save', success=True, bag='episode_000007')
    serve(node, Trigger, 'rec/discard', success=False, message='there is no recording to discard')

    def press(key, said):
        bench.until(lambda: keys.publish(String(data=key)) or bench.spin_for(0.2)
                    or said in states[-1], said)
    press('n', 'recording episode_000007')
    press('1', 'saved episode_000007')
    assert called[-1][1].outcome.value == Outcome.SUCCESS
    press('0', 'not discarded: there is no recording to discard')
    press('2', 'saved episode_000007')
    assert called[-1][1].outcome.value == Outcome.FAILURE
    serve(node, Trigger, 'ses/begin', success=True)
    press('n', 'begins')
    assert called[-1][0] == 'ses/begin', 'a session knows better when it is time'


def test_nothing_begins_past_a_session_that_is_not_seen_yet(bench, driven, served):
    """The recorder may be found before the session that waits for the same key."""
    _, robot, keys, states = driven(recorder='rec', session='ses', session_only=True)
    serve, called = served
    serve(robot.node, StartRecording, 'rec/start', success=True, bag='episode_000007')
    bench.spin_for(0.5)  # the recorder's service is seen by then
    keys.publish(String(data='n'))
    bench.until(lambda: 'ses/begin is not there: wait for recording_session' in states[-1], 'hint')
    assert called == []
    serve(robot.node, Trigger, 'ses/begin', success=True)
    bench.until(lambda: keys.publish(String(data='n')) or bench.spin_for(0.2)
                or states[-1] == 'begins', 'begins')
    assert {name for name, _ in called} == {'ses/begin'}


def test_a_wrong_parameter_refuses_to_configure(bench):
    node = bench.node(Teleop, keys='w:elbow=1')
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert "'w:elbow=1' in parameter 'keys'" in node.failure
