"""The same artifact and seeds give the same episodes through ROS and in one process."""

import numpy as np
import pytest
from adapt_msgs.msg import Outcome

from adapt_learning.evaluation.evaluate import evaluate

SEEDS, NOISE_LEVEL = range(2000, 2004), 1.25


@pytest.mark.parametrize('which', [0, -1])
def test_every_episode_is_the_same_through_ros_in_lockstep(bench, lockstep, policies, which):
    """Outcome, step count, return and the likeness of every tick agree, episode by episode."""
    check_same(bench, lockstep, policies[which])


def test_so_is_every_episode_of_a_policy_with_action_chunks(bench, lockstep, chunked):
    for result in check_same(bench, lockstep, chunked):
        assert len(result.latencies) == -(-result.ticks // 3)


def check_same(bench, lockstep, artifact):
    """Compare an artifact through ROS and in this process; return the results through ROS."""
    results = []
    expected = evaluate(artifact, 'fetch_pick', episodes=len(SEEDS), noise_level=NOISE_LEVEL,
                        seed=SEEDS[0], jobs=1).results
    _, pilot, client = lockstep(artifact)
    for seed, alone in zip(SEEDS, expected, strict=True):
        goal = client.send(max_episodes=1)
        assert pilot.reset(seed=seed, noise_level=NOISE_LEVEL).success
        result = client.result(goal)[1]
        bench.until(lambda seed=seed: pilot.episodes[-1].seed == seed
                    and pilot.episodes[-1].state == 2, 'the end')
        ended = pilot.episodes[-1]
        assert (ended.outcome.value == Outcome.SUCCESS) == alone.success
        assert ended.steps == result.ticks == alone.steps
        assert ended.episode_return == alone.total_reward
        assert np.mean(result.expert_likeness) == alone.likeness_mean
        assert np.max(result.expert_likeness) == alone.likeness_max
        results.append(result)
    return results
