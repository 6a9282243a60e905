"""A recorded bag becomes the dataset that would have been collected: same frames, same actions."""

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.action import RecordEpisode
from bench import activate
from rclpy.action import ActionClient

from adapt_learning.data import load_dataset
from adapt_learning.formats import convert
from adapt_ros.nodes.demo_recorder import DemoRecorder


@pytest.fixture
def record(bench, tmp_path):
    """Return a function that records the next episode and gives the future of the result."""
    node = bench.node(DemoRecorder, folder=str(tmp_path / 'bags'), lockstep=True,
                      min_free_disk=0.0, warn_free_disk=0.0)
    activate(node)
    client = ActionClient(bench.helper('session'), RecordEpisode,
                          f'{bench.namespace}/demo_recorder/record_episode')
    bench.until(client.server_is_ready, 'the action')

    def ask():
        bench.until(lambda: all(t.publishers for t in node.intake.topics), 'the publishers')
        handle = bench.answer(client.send_goal_async(
            RecordEpisode.Goal(stop_with_episode=True, save=True, operator_name='ann')))
        assert handle.accepted
        return handle.get_result_async()
    return ask


def test_rows_are_what_the_policy_saw_and_sent(bench, lockstep, policies, record, tmp_path):
    policy, pilot, client = lockstep(policies[0])
    live, tick = [], policy.runner.tick

    def keep(frame, *times):
        decision = tick(frame, *times)
        live.append((frame, policy.runner.layout.action(decision.commands)))
        return decision
    policy.runner.tick = keep
    bench.spin_for(1.2)  # the recorder hears publishers that came later after a moment
    for seed in (1, 2):
        result = record()
        goal = client.send(max_episodes=1)
        pilot.reset(seed=seed, noise_level=1.25)
        client.result(goal)
        assert bench.answer(result).status == GoalStatus.STATUS_SUCCEEDED
    made = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert made.format == 'bags' and made.contract == policy.contract
    data = load_dataset(tmp_path / 'out')
    assert [(len(e), e.seed, e.noise_level, e.success) for e in data] == [
        (50, 1, 1.25, False), (50, 2, 1.25, False)]
    observation, action = data.pairs()
    assert observation.tobytes() == np.array([frame.vector for frame, _ in live]).tobytes()
    np.testing.assert_array_equal(action, np.array([commanded for _, commanded in live]))
    stamps = np.array([frame.stamp_ns for frame, _ in live]).reshape(2, 50)
    np.testing.assert_allclose(
        [e.timestamp_s for e in data], (stamps - stamps[:, :1]) * 1e-9, atol=1e-12)
    timing = data.meta['import']['timing']
    assert timing['frames'] == timing['exact'] == 100 and timing['unanswered'] == 0
    assert timing['true_rate_hz'] == pytest.approx(25) and timing['missed'] == 0
    assert data.meta['import']['recordings'][0]['operator'] == 'ann'
