"""A bag of the recorder gives the frames that the live policy had, bit by bit, and its outcome."""

import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.action import RecordEpisode
from adapt_msgs.msg import Outcome
from bench import activate
from rclpy.action import ActionClient

from adapt_ros.bags import read_frames, read_samples
from adapt_ros.nodes.demo_recorder import DemoRecorder
from adapt_ros.recording.about import recording_of


def same(live, replayed):
    """Compare frames bit by bit."""
    assert [(f.stamp_ns, f.vector.tobytes()) for f in live] == [
        (f.stamp_ns, f.vector.tobytes()) for f in replayed]


@pytest.fixture
def recorder(bench, tmp_path):
    """Return (node, function that asks for one episode and returns the future of its result)."""
    node = bench.node(DemoRecorder, folder=str(tmp_path / 'bags'), lockstep=True,
                      min_free_disk=0.0, warn_free_disk=0.0)
    activate(node)
    client = ActionClient(bench.helper('session'), RecordEpisode,
                          f'{bench.namespace}/demo_recorder/record_episode')
    bench.until(client.server_is_ready, 'the action')

    def ask():
        handle = bench.answer(client.send_goal_async(
            RecordEpisode.Goal(stop_with_episode=True, save=True)))
        assert handle.accepted
        return handle.get_result_async()
    return node, ask


def test_each_episode_is_a_bag_with_all_its_frames(bench, lockstep, policies, recorder, tmp_path):
    node, ask = recorder
    policy, pilot, client = lockstep(policies[0])
    live, tick = [], policy.runner.tick

    def keep(frame, *times):
        live.append(frame)
        return tick(frame, *times)
    policy.runner.tick = keep
    bench.until(lambda: all(topic.publishers for topic in node.intake.topics), 'the publishers')
    # Publishers that came after the recorder: it hears them as they offer only after a moment.
    bench.spin_for(1.2)
    for number, seed in enumerate((1, 2), 1):
        live.clear()
        result = ask()
        goal = client.send(max_episodes=1)
        pilot.reset(seed=seed)
        client.result(goal)
        answer = bench.answer(result)
        assert answer.status == GoalStatus.STATUS_SUCCEEDED, answer.result.text
        assert answer.result.outcome.value == Outcome.FAILURE and not answer.result.warnings
        bag = tmp_path / 'bags' / f'episode_{number:06d}'
        assert recording_of(bag).outcome == 'failure'
        same(live, list(read_frames(bag, policy.contract)))
        assert len(live) == 50
        samples = list(read_samples(bag, policy.contract))
        commands = [s for s in samples if 'gripper_velocity' in s.raw]
        assert {s.stamp_ns for s in commands} >= {frame.stamp_ns for frame in live}
        ends = [s.status for s in samples if s.status is not None and s.status.state == 2]
        assert [(e.seed, e.steps) for e in ends][-1] == (seed, 50)
