"""A policy with action chunks in the node: one action per observation, and no old ones."""

import numpy as np
import pytest
from adapt_msgs.msg import EpisodeStatus, Outcome, TerminationReason
from arm_contract import VELOCITY

from adapt_learning.data.chunk import Chunk
from adapt_ros import qos

POLICY = {'action': [0.1, 0, 0, 1], 'chunk': Chunk(4, 3)}
"""The first elements of its actions are 0.10, 0.11, 0.12 (and 0.13, which is never executed)."""


@pytest.fixture
def chunked(at_work):
    """Return (node, robot, client) of a policy with chunks."""
    return at_work(policy=POLICY)


def planned(node, robot):
    """Return the hundredths of the first element of every action that was commanded."""
    scale = next(f for f in node.contract.action if f.topic == VELOCITY).scale
    return [round(100 * values[0] / scale) for values in robot.of(VELOCITY)]


def test_one_action_per_observation_and_a_new_chunk_when_it_is_used_up(chunked):
    node, robot, client = chunked
    goal = client.send(max_duration=3.0)
    for _ in range(7):
        robot.step()
    assert planned(node, robot) == [10, 11, 12, 10, 11, 12, 10]
    result = client.result(goal)[1]
    assert result.ticks == 7 and len(result.latencies) == 3  # what is measured is inference


def test_a_lost_observation_drops_the_rest_of_a_chunk(chunked):
    node, robot, client = chunked
    client.send()
    robot.step()
    robot.stamp_ns += node.contract.period_ns
    robot.step()
    robot.step()
    assert planned(node, robot) == [10, 10, 11]


@pytest.mark.parametrize('end', ['cancel', 'stop'])
def test_after_a_stop_no_old_action_goes_on(bench, chunked, end):
    node, robot, client = chunked
    goal = client.send()
    robot.step()
    assert bench.trigger(f'policy_node/{end}').success
    client.result(goal)
    bench.until(lambda: planned(node, robot)[-1] == 0, 'the safe command')
    robot.publish()
    bench.spin_for(0.1)
    assert planned(node, robot)[-1] == 0
    if end == 'stop':
        assert not client.send().accepted
        assert bench.trigger('policy_node/reset_stop').success
    heard = len(robot.of(VELOCITY))
    client.send()
    robot.step()
    assert planned(node, robot)[heard:] == [10]


def test_a_fault_in_the_middle_of_a_chunk_stops_and_latches(bench, chunked):
    node, robot, client = chunked
    goal = client.send()
    robot.step()
    robot.publish(position=np.full(3, np.nan))
    result = client.result(goal)[1]
    assert result.reason.value == TerminationReason.OBSERVATION_NOT_FINITE
    bench.until(lambda: planned(node, robot)[-1] == 0, 'the safe command')
    assert not client.send().accepted


def test_deactivation_drops_the_chunk(bench, chunked):
    node, robot, client = chunked
    client.send()
    robot.step()
    node.trigger_deactivate()
    bench.until(lambda: planned(node, robot)[-1] == 0, 'the safe command')
    node.trigger_activate()
    heard = len(robot.of(VELOCITY))
    client.send()
    robot.step()
    assert planned(node, robot)[heard:] == [10]


def test_an_episode_begins_with_a_chunk_of_its_own(bench, chunked):
    node, robot, client = chunked
    episodes = robot.node.create_publisher(EpisodeStatus, 'episode', qos.LATCHED)
    bench.until(episodes.get_subscription_count, 'the episode topic')

    def say(number, state, outcome=Outcome.UNKNOWN):
        message = EpisodeStatus(episode=number, state=state, outcome=Outcome(value=outcome))
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(
            robot.stamp_ns, 1_000_000_000)
        episodes.publish(message)

    goal = client.send(max_episodes=2)
    for number in (1, 2):
        say(number, EpisodeStatus.STATE_RUNNING)
        bench.until(lambda n=number: node._began and node._began[0] == n, 'the begin')
        robot.step()
        robot.step()
        say(number, EpisodeStatus.STATE_ENDED, Outcome.SUCCESS)
        bench.until(lambda: planned(node, robot)[-1] == 0, 'the safe command')
    assert client.result(goal)[1].ticks == 4
    assert [x for x in planned(node, robot) if x] == [10, 11, 10, 11]
