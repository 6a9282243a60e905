"""Faults on a running policy: each docstring says which promise is kept."""

import time

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.msg import PolicyStatus, TerminationReason
from arm_contract import VELOCITY, write_arm_contract
from artifact_maker import make_policy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped, TwistStamped
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import JointState

from adapt_ros import qos
from adapt_ros.codecs import set_stamp
from adapt_ros.nodes.policy_node import PolicyNode


def ends_with(reason, bench, robot, client, goal):
    """Await the end of a goal by a fault; the robot was told to stand still, and stays still."""
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.reason.value == reason, result.reason.text
    assert len(result.reason.text) > 20
    bench.until(lambda: robot.heard and not robot.of(VELOCITY)[-1].any(), 'the safe command')
    for _ in range(2):
        robot.publish()
    bench.spin_for(0.1)
    assert not robot.of(VELOCITY)[-1].any()
    assert not client.send().accepted, 'a fault is latched'
    assert bench.trigger('policy_node/reset_stop').success
    return result


@pytest.mark.serial
def test_observations_that_stop_stop_the_robot_within_two_periods(bench, at_work):
    """Without observations the command is zero within the timeout and two control periods."""
    node, robot, client = at_work(contract={'observation_timeout_s': 0.5})
    goal = client.send()
    robot.step()
    last_s = robot.published_s
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')
    took_s = next(at for at, topic, message in robot.heard
                  if topic == VELOCITY and message.twist.linear.x == 0) - last_s
    assert 0.5 < took_s < 0.5 + 2 / node.contract.rate_hz
    ends_with(TerminationReason.OBSERVATION_TIMEOUT, bench, robot, client, goal)
    assert client.send().accepted
    robot.step()
    assert robot.of(VELOCITY)[-1].any()


def test_a_clock_that_was_set_back_stops_the_robot_and_is_accepted_after_the_reset(bench, at_work):
    """Stamps that go back are never mixed with newer ones; a person's reset begins anew."""
    node, robot, client = at_work(contract={'observation_timeout_s': 0.3})
    goal = client.send()
    robot.step()
    robot.stamp_ns -= 500_000_000
    for _ in range(3):
        robot.publish()
    ends_with(TerminationReason.OBSERVATION_TIMEOUT, bench, robot, client, goal)
    client.send()
    robot.say_held()
    bench.until(lambda: 'goal/pose' not in node._observations.assembler.missing(), 'the goal')
    robot.step()
    assert robot.of(VELOCITY)[-1].any()


def test_an_observation_that_comes_late_does_not_move_the_robot_again(bench, at_work):
    """What comes after the timeout finds a latched stop."""
    _, robot, client = at_work(contract={'observation_timeout_s': 0.3})
    goal = client.send()
    robot.step()
    client.result(goal)
    bench.until(lambda: len(robot.of(VELOCITY)) == 2, 'the safe command')
    heard = len(robot.of(VELOCITY))
    for _ in range(3):
        robot.publish()
    bench.spin_for(0.2)
    assert len(robot.of(VELOCITY)) == heard
    ends_with(TerminationReason.OBSERVATION_TIMEOUT, bench, robot, client, goal)


def test_one_silent_topic_is_enough(bench, at_work):
    """An instant without the joints is no observation: the timeout counts complete frames."""
    _, robot, client = at_work(contract={'observation_timeout_s': 0.4})
    goal = client.send()
    robot.step()
    robot.writer._publishers = {
        t: p for t, p in robot.writer._publishers.items() if t != 'joint_states'}
    result = goal.get_result_async()
    while not result.done():
        robot.publish()
        bench.spin_for(0.03)
    assert result.result().result.reason.value == TerminationReason.OBSERVATION_TIMEOUT
    bench.until(lambda: len(robot.of(VELOCITY)) == 2, 'the safe command')


def test_observations_that_never_come_end_the_goal(bench, at_work):
    """A goal without a robot is given up after start_timeout; it says what is missing."""
    _, robot, client = at_work()
    goal = client.send(start_timeout=0.3)
    robot.writer._publishers.pop('joint_states')
    robot.publish()
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.reason.value == TerminationReason.OBSERVATION_TIMEOUT
    assert '0.3 s' in result.reason.text and 'joint_states' in result.reason.text
    assert 'gripper/pose' not in result.reason.text


@pytest.mark.parametrize('lockstep', [True, False])
def test_a_robot_that_goes_away_ends_the_goal(bench, at_work, lockstep):
    """In lockstep nothing is late, but a simulation that has gone is noticed all the same."""
    _, robot, client = at_work(lockstep=lockstep)
    goal = client.send()
    robot.step()
    robot.writer.destroy()
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.reason.value in (
        TerminationReason.SIMULATION_LOST, TerminationReason.OBSERVATION_TIMEOUT)
    assert not lockstep or 'gripper/pose' in result.reason.text
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_an_observation_that_is_not_finite_stops_the_robot(bench, at_work, value):
    """NaN from a sensor never reaches the policy; the stop names the element."""
    _, robot, client = at_work()
    goal = client.send()
    robot.step()
    robot.publish(position=[0.0, value, 0.0])
    bench.until(lambda: len(robot.of(VELOCITY)) > 1, 'the safe command')
    robot.raw['position'] = np.zeros(3)
    result = ends_with(TerminationReason.OBSERVATION_NOT_FINITE, bench, robot, client, goal)
    assert 'position.y' in result.reason.text


@pytest.mark.parametrize(('names', 'positions', 'said'), [
    (['shoulder'], [0.1], 'elbow'),
    (['shoulder', 'elbow'], [0.1], 'one value per name'),
    (['elbow', 'elbow'], [0.1, 0.2], 'shoulder'),
])
def test_a_message_of_the_wrong_length_stops_the_robot(bench, at_work, names, positions, said):
    """A missing joint or a short array is never guessed at; the stop says what is missing."""
    _, robot, client = at_work()
    goal = client.send()
    robot.step()
    message = JointState(name=names, position=positions)
    set_stamp(message, robot.stamp_ns + robot.contract.period_ns)
    robot.writer._publishers['joint_states'].publish(message)
    result = ends_with(TerminationReason.OBSERVATION_MALFORMED, bench, robot, client, goal)
    assert said in result.reason.text


def test_joint_states_of_another_driver_are_passed_over(bench, at_work):
    """Arm and gripper drivers share a topic; who names none of our joints does not speak to us."""
    _, robot, client = at_work()
    client.send()
    robot.step()
    robot.writer._publishers['joint_states'].publish(JointState(name=['wheel'], position=[1.0]))
    robot.step()
    assert len(robot.of(VELOCITY)) == 2


def test_an_observation_that_is_old_by_its_stamp_is_refused(bench, at_work):
    """A delayed stream or a bag being played must not drive the robot."""
    _, robot, client = at_work(check_stamps=True)
    goal = client.send()
    robot.publish()
    result = client.result(goal)[1]
    assert result.reason.value == TerminationReason.OBSERVATION_TIMEOUT
    assert 'old by its stamp' in result.reason.text and result.ticks == 0


def test_another_commander_stops_the_policy_and_refuses_goals(bench, at_work):
    """Two nodes that command one robot are never both obeyed in turn."""
    _, robot, client = at_work()
    goal = client.send()
    robot.step()
    rival = bench.helper('rival')
    rival.create_publisher(TwistStamped, f'{bench.namespace}/{VELOCITY}', 1)
    result = client.result(goal)[1]
    assert result.reason.value == TerminationReason.MULTIPLE_PUBLISHERS
    assert VELOCITY in result.reason.text


def test_a_stop_outlives_a_clean_up(bench, at_work):
    """A lifecycle manager that brings the node up again does not release an operator's stop."""
    node, robot, client = at_work()
    assert bench.trigger('policy_node/stop').success
    node.trigger_deactivate()
    node.trigger_cleanup()
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.runner.latched.reason.name == 'OPERATOR_STOP'


def test_a_bug_stops_the_robot_and_is_said(bench, at_work):
    """Whatever happens inside, the robot is not left with its last command."""
    node, robot, client = at_work()
    goal = client.send()
    robot.step()
    node.runner.policy.act = lambda observation: 1 / 0
    robot.publish()
    result = client.result(goal)[1]
    assert result.reason.value == TerminationReason.INTERNAL_ERROR
    bench.until(lambda: len(robot.of(VELOCITY)) == 2, 'the safe command')
    assert robot.of(VELOCITY)[-1] == pytest.approx([0, 0, 0])


def test_stopping_on_unlikeness_needs_a_detector(bench, tmp_path):
    """A protection that is asked for and not there refuses to start."""
    path, arm = write_arm_contract(tmp_path)
    artifact = make_policy(tmp_path / 'artifact', arm, action=[1, 0, 0, 1])
    node = bench.node(PolicyNode, artifact=str(artifact), contract=str(path),
                      stop_unlike_expert=True)
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'needs a detector' in node.failure


def test_joints_in_another_order_and_more_of_them_are_fine(bench, at_work):
    """Joints are picked by name: other robots' joint lists do not shift the observation."""
    _, robot, client = at_work(policy={'gain': np.eye(8, 4, -3)})
    client.send()
    robot.step()
    robot.raw['joints'] = np.array([0.3, 0.4])
    publisher = robot.writer._publishers.pop('joint_states')
    message = JointState(name=['wrist', 'elbow', 'shoulder'], position=[9.0, 0.4, 0.2])
    set_stamp(message, robot.stamp_ns + robot.contract.period_ns)
    publisher.publish(message)
    robot.step()
    assert robot.of(VELOCITY)[-1][:2] == pytest.approx([0.1, 0.2])


def test_a_second_publisher_stops_the_robot(bench, at_work):
    """Two sources on one topic (a bag being played beside the robot) are never mixed."""
    _, robot, client = at_work()
    goal = client.send()
    robot.step()
    other = bench.helper('other')
    publisher = other.create_publisher(PoseStamped, 'gripper/pose', qos.SENSOR_LOCKSTEP)
    result = client.result(goal)[1]
    assert result.reason.value == TerminationReason.MULTIPLE_PUBLISHERS
    assert 'gripper/pose' in result.reason.text
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')
    other.destroy_publisher(publisher)
    bench.until(lambda: robot.node.count_publishers('gripper/pose') == 1, 'the other is gone')
    bench.trigger('policy_node/reset_stop')
    assert client.send().accepted


def test_inference_slower_than_its_deadline_stops_the_robot(bench, at_work):
    """So many late ticks in a row as the contract says stop the robot, and are counted."""
    _, robot, client = at_work(
        policy={'slow': True, 'action': [1, 0, 0, 0]},
        contract={'inference_deadline_s': 0.001, 'max_deadline_misses': 3})
    goal = client.send()
    robot.step()
    robot.step()
    assert robot.of(VELOCITY)[-1].any()
    robot.publish()
    result = ends_with(TerminationReason.DEADLINE_MISSED, bench, robot, client, goal)
    assert result.deadline_misses == 3 and result.latency_p50 > 0.001


def test_in_lockstep_late_inference_is_only_counted(bench, at_work):
    """A simulation that waits has no deadline to miss; the count is still told."""
    _, robot, client = at_work(
        policy={'slow': True, 'action': [1, 0, 0, 0]}, lockstep=True,
        contract={'inference_deadline_s': 0.001, 'max_deadline_misses': 1})
    goal = client.send()
    for _ in range(3):
        robot.step()
    bench.trigger('policy_node/cancel')
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_CANCELED and result.deadline_misses == 3


def test_a_policy_that_returns_nan_stops_the_robot(bench, at_work):
    """NaN never leaves the node, whatever the network computes."""
    _, robot, client = at_work(policy={'action': [1, 0, 0, 0], 'nan_above': 0.5})
    goal = client.send()
    robot.step()
    robot.publish(position=[0.6, 0.0, 0.0])
    ends_with(TerminationReason.ACTION_NOT_FINITE, bench, robot, client, goal)
    assert all(np.isfinite(command).all() for command in robot.of(VELOCITY))


def test_behaviour_unlike_the_expert_stops_where_that_is_asked_for(bench, at_work):
    """Beyond the calibrated stop threshold, over a full window, the robot stands still."""
    node, robot, client = at_work(
        policy={'action': [1, 0, 0, 0], 'judged': (3, 1.0, 2.0)}, stop_unlike_expert=True)
    goal = client.send()
    for _ in range(4):
        robot.step(position=[0.5, 0, 0])
    assert not node.runner.monitor.warns
    robot.publish(position=[9.0, 0, 0])
    result = ends_with(TerminationReason.UNLIKE_EXPERT, bench, robot, client, goal)
    assert result.expert_likeness[0] == pytest.approx(0.5) and max(result.expert_likeness) > 2


def test_behaviour_unlike_the_expert_only_warns_by_default(bench, at_work):
    """The monitor never stops a robot that it was not asked to stop."""
    _, robot, client = at_work(policy={'action': [1, 0, 0, 0], 'judged': (2, 1.0, 2.0)})
    told = []
    robot.node.create_subscription(PolicyStatus, 'policy_node/status', told.append, qos.LATCHED)
    client.send()
    robot.step(position=[9.0, 0, 0])

    def warned():
        robot.step()
        bench.spin_for(0.05)
        return told and told[-1].unlike_expert
    bench.until(warned, 'the warning')
    assert told[-1].expert_likeness > 1 and told[-1].state == PolicyStatus.STATE_RUNNING


def test_commands_are_limited_whatever_the_policy_wants(bench, at_work):
    """Limits are on by default; what they changed is counted."""
    _, robot, client = at_work(policy={'action': [50, -50, 0, 9]})
    goal = client.send()
    robot.step()
    bench.trigger('policy_node/cancel')
    result = client.result(goal)[1]
    assert robot.of(VELOCITY)[0] == pytest.approx([0.5, -0.5, 0])
    assert result.limited_commands == 1


def test_diagnostics_tell_the_run_the_inputs_and_the_stop(bench, at_work):
    """/diagnostics comes about once per second and turns to ERROR with a latched stop."""
    _, robot, client = at_work(policy={'judged': (2, 1.0, 2.0)})
    told = []
    robot.node.create_subscription(
        DiagnosticArray, '/diagnostics',
        lambda m: told.append((time.monotonic(),
                               {s.name.split(': ')[1]: s for s in m.status
                                if bench.namespace.strip('/') in s.name})), 10)
    client.send()
    robot.step()
    bench.until(lambda: len(told) > 1, 'diagnostics')
    parts = told[-1][1]
    assert set(parts) == {'run', 'observations', 'commands', 'expert likeness'}
    assert parts['run'].level == DiagnosticStatus.OK and parts['run'].message == 'running'
    values = {v.key: v.value for v in parts['observations'].values}
    assert int(values['frames']) == 1 and parts['observations'].level == DiagnosticStatus.OK
    assert told[1][0] - told[0][0] > 0.5
    bench.trigger('policy_node/stop')
    count = len(told)
    bench.until(lambda: len(told) > count, 'the next diagnostics')
    assert told[-1][1]['run'].level == DiagnosticStatus.ERROR
    assert 'OPERATOR_STOP' in {v.value for v in told[-1][1]['run'].values}
