"""evaluator: a client of the action and of the reset like any other."""

import json

import pytest
from arm_contract import VELOCITY
from bench import activate

from adapt_ros.lifecycle import EXIT_FAILED
from adapt_ros.nodes.evaluator import Evaluator


@pytest.fixture
def evaluated(bench, at_work, tmp_path):
    """Return a function that lets the evaluator drive a policy on a robot without a scene."""
    def run(policy=None, **parameters):
        _, robot, _ = at_work(policy)
        node = bench.node(Evaluator, contract=str(tmp_path / 'arm.yaml'), scene='',
                          report=str(tmp_path / 'out'), **parameters)
        activate(node)
        robot.node.create_timer(0.02, robot.publish)
        robot.node.create_timer(0.1, robot.say_held)
        bench.until(lambda: node.finished, 'the end of the evaluation')
        return node, robot
    return run


def test_a_robot_without_a_scene_runs_timed_episodes(evaluated, tmp_path, capfd):
    node, robot = evaluated(episodes=2, episode_duration=0.4)
    assert node.exit_code == 0
    result = json.loads((tmp_path / 'out' / 'result.json').read_text())
    assert [e['reason'] for e in result['per_episode']] == ['TIME_LIMIT'] * 2
    assert [e['success'] for e in result['per_episode']] == [None, None]
    assert 'success_rate' not in result and result['ticks'] > 5
    assert (tmp_path / 'out' / 'run.png').is_file()
    assert 'nobody said' in capfd.readouterr().out
    assert not robot.of(VELOCITY)[-1].any()


def test_a_policy_that_stops_ends_the_evaluation_with_code_1(evaluated, tmp_path, capfd):
    """A latched stop is reported and what was counted is kept."""
    node, _ = evaluated({'action': [1, 0, 0, 0], 'nan_above': -1.0},
                        episodes=3, episode_duration=0.4)
    assert node.exit_code == EXIT_FAILED
    assert 'error: the policy stopped: the policy returned NaN' in capfd.readouterr().err
    assert (tmp_path / 'out' / 'result.json').is_file()


def test_without_the_others_it_gives_up_and_names_them(bench, capfd):
    node = bench.node(Evaluator, startup_timeout=0.5)
    activate(node)
    bench.until(lambda: node.finished, 'giving up')
    assert node.exit_code == EXIT_FAILED
    error = capfd.readouterr().err
    assert 'policy_node/run_policy' in error and 'sim_bridge/reset' in error
