"""RunPolicy: how goals begin, end and are refused."""

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.msg import EpisodeStatus, Outcome, PolicyStatus, TerminationReason
from arm_contract import GRIP, VELOCITY

from adapt_ros import qos


class Scene:
    """Announces episodes."""

    def __init__(self, bench, robot):
        self._robot = robot
        self._publisher = robot.node.create_publisher(EpisodeStatus, 'episode', qos.LATCHED)
        self._bench, self._number = bench, 0
        bench.until(self._publisher.get_subscription_count, 'the episode topic')

    def close(self):
        self._robot.node.destroy_publisher(self._publisher)

    def idle(self):
        self._say(EpisodeStatus.STATE_IDLE, Outcome.UNKNOWN)

    def begin(self):
        self._number += 1
        self._say(EpisodeStatus.STATE_RUNNING, Outcome.UNKNOWN)

    def end(self, outcome):
        self._say(EpisodeStatus.STATE_ENDED, outcome)

    def _say(self, state, outcome):
        message = EpisodeStatus(episode=self._number, state=state, outcome=Outcome(value=outcome))
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(
            self._robot.stamp_ns, 1_000_000_000)
        self._publisher.publish(message)


def test_a_goal_ends_after_its_episodes_and_says_what_became_of_them(bench, at_work):
    _, robot, client = at_work()
    scene = Scene(bench, robot)
    goal = client.send(max_episodes=2)
    assert goal.accepted
    for outcome in (Outcome.SUCCESS, Outcome.FAILURE):
        scene.begin()
        for _ in range(3):
            robot.step()
        scene.end(outcome)
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert result.reason.value == TerminationReason.EPISODES_DONE
    assert (result.episodes, result.successes) == (2, 1)
    assert result.outcome.value == Outcome.FAILURE
    assert result.ticks == 6 and len(result.latencies) == 6
    assert 0 < result.latency_p50 <= result.latency_p99
    assert result.deadline_misses == 0 and not len(result.expert_likeness)
    assert robot.of(VELOCITY)[0] == pytest.approx([0.5, 0, 0])
    assert robot.of(GRIP)[0] == pytest.approx([1.0])


def test_a_goal_ends_after_its_time(bench, at_work):
    _, robot, client = at_work()
    goal = client.send(max_duration=1.0)
    robot.step()
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert result.reason.value == TerminationReason.TIME_LIMIT
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')
    assert result.outcome.value == Outcome.UNKNOWN


def test_a_goal_that_is_cancelled_through_the_action_ends_canceled(bench, at_work):
    _, robot, client = at_work()
    goal = client.send()
    robot.step()
    bench.answer(goal.cancel_goal_async())
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_CANCELED
    assert result.reason.value == TerminationReason.CANCELED
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')


def test_a_goal_that_is_cancelled_through_the_service_ends_canceled_too(bench, at_work):
    _, robot, client = at_work()
    goal = client.send()
    robot.step()
    assert bench.trigger('policy_node/cancel').success
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_CANCELED
    assert result.reason.value == TerminationReason.CANCELED
    again = bench.trigger('policy_node/cancel')
    assert not again.success and again.message == 'nothing is running'


def test_a_second_goal_is_refused_and_the_first_goes_on(bench, at_work):
    _, robot, client = at_work()
    first = client.send()
    robot.step()
    assert not client.send().accepted
    robot.step()
    assert len(robot.of(VELOCITY)) == 2 and robot.of(VELOCITY)[-1].any()
    bench.answer(first.cancel_goal_async())
    client.result(first)
    assert client.send(max_duration=0.1).accepted


@pytest.mark.parametrize('goal', [{'max_duration': -1.0}, {'start_timeout': float('nan')},
                                  {'max_duration': float('inf')}])
def test_a_goal_with_numbers_that_make_no_sense_is_refused(at_work, goal):
    _, _, client = at_work()
    assert not client.send(**goal).accepted


def test_an_operators_stop_is_latched_until_it_is_reset(bench, at_work):
    """After ~/stop nothing moves the robot again before a person has called ~/reset_stop."""
    _, robot, client = at_work()
    goal = client.send()
    robot.step()
    assert bench.trigger('policy_node/stop').success
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.reason.value == TerminationReason.OPERATOR_STOP
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')
    assert not client.send().accepted
    refused = bench.trigger('policy_node/start')
    assert not refused.success and 'reset_stop' in refused.message
    assert bench.trigger('policy_node/reset_stop').success
    goal = client.send()
    assert goal.accepted
    robot.step()
    assert robot.of(VELOCITY)[-1].any()


def test_an_operators_stop_holds_when_nothing_runs_too(bench, at_work):
    """~/stop between two goals refuses the next one."""
    _, robot, client = at_work()
    assert bench.trigger('policy_node/stop').success
    bench.until(lambda: robot.heard, 'the safe command')
    assert not robot.of(VELOCITY)[-1].any()
    assert not client.send().accepted


def test_start_and_cancel_are_twins_of_the_action(bench, at_work):
    _, robot, client = at_work()
    answer = bench.trigger('policy_node/start')
    assert answer.success and 'cancel' in answer.message
    robot.step()
    assert robot.of(VELOCITY)[-1].any()
    assert not client.send().accepted
    assert bench.trigger('policy_node/cancel').success
    bench.until(lambda: not robot.of(VELOCITY)[-1].any(), 'the safe command')
    assert client.send().accepted


def test_nothing_is_commanded_without_a_goal(bench, at_work):
    _, robot, _ = at_work()
    for _ in range(3):
        robot.publish()
    bench.spin_for(0.3)
    assert robot.heard == []


def test_a_held_value_that_was_said_before_the_goal_is_used(bench, at_work):
    """What is held at any age (a fixed target) need not be said again for every goal."""
    _, robot, client = at_work(policy={'gain': np.eye(8, 4, -5)})
    for _ in range(2):
        goal = client.send(start_timeout=5.0)
        robot.step()
        bench.trigger('policy_node/cancel')
        client.result(goal)
    assert robot.of(VELOCITY)[0] == pytest.approx([0.05, 0.05, 0.05])


@pytest.mark.parametrize('lockstep', [True, False])
def test_a_goal_that_comes_after_the_episode_began_takes_it_over(bench, at_work, lockstep):
    """An operator may reset the scene first and start the policy then."""
    node, robot, client = at_work(contract={'goal_align': 'episode'}, lockstep=lockstep)
    scene = Scene(bench, robot)
    scene.begin()
    robot.publish()
    bench.until(lambda: node._observations.assembler.counts.frames, 'the first instant')
    goal = client.send(max_episodes=1, start_timeout=5.0)
    if not lockstep:
        robot.publish(begin=False)
    bench.until(lambda: robot.heard, 'commands')
    scene.end(Outcome.SUCCESS)
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_SUCCEEDED and result.episodes == 1


def test_a_scene_that_starts_anew_with_an_earlier_clock_is_understood(bench, at_work):
    """sim_bridge may be restarted while policy_node stays: its stamps begin again."""
    _, robot, client = at_work(contract={'goal_align': 'episode'})
    for first_ns in (50_000_000_000, 1_000_000_000):
        robot.stamp_ns = first_ns
        scene = Scene(bench, robot)
        scene.idle()
        goal = client.send(max_episodes=1)
        scene.begin()
        robot.step()
        scene.end(Outcome.SUCCESS)
        assert client.result(goal)[1].episodes == 1
        scene.close()


def test_feedback_and_the_latched_status_tell_the_same(bench, at_work):
    node, robot, client = at_work()
    told = []
    late = bench.helper('late')
    late.create_subscription(PolicyStatus, 'policy_node/status', told.append, qos.LATCHED)
    bench.until(lambda: told, 'the latched status')
    assert told[-1].state == PolicyStatus.STATE_IDLE and told[-1].policy == 'handmade'
    assert told[-1].contract_hash == node.contract.interface_hash
    assert told[-1].artifact_hash and np.isnan(told[-1].expert_likeness)
    goal = client.send()
    bench.until(lambda: told[-1].state == PolicyStatus.STATE_WAITING, 'waiting')
    robot.step()
    bench.until(lambda: told[-1].state == PolicyStatus.STATE_RUNNING, 'running')
    assert told[-1].ticks == 1 and told[-1].observation_age >= 0
    bench.until(lambda: client.feedback
                and client.feedback[-1].status.state == PolicyStatus.STATE_RUNNING, 'feedback')
    bench.trigger('policy_node/stop')
    bench.until(lambda: told[-1].state == PolicyStatus.STATE_STOPPED, 'stopped')
    assert told[-1].last_stop.value == TerminationReason.OPERATOR_STOP and told[-1].last_stop.text
    client.result(goal)
