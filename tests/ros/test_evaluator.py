"""evaluator: a client of the action and of the reset like any other."""

import json

import numpy as np
import pytest
from adapt_msgs.action import RunPolicy
from adapt_msgs.msg import EpisodeStatus, Outcome, TerminationReason
from adapt_msgs.srv import ResetSimulation
from arm_contract import VELOCITY
from bench import WITHIN_S, activate
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image

from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.goals import OneGoal
from adapt_ros.lifecycle import EXIT_FAILED
from adapt_ros.nodes.evaluator import Evaluator
from adapt_ros.run_report import EpisodeRecord, RunReport


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


class Others:
    """Stand-ins for policy_node and sim_bridge whose every word is the test's."""

    def __init__(self, bench, active=True):
        self.bench = bench
        self.goals, self.number, self.node = 0, 0, bench.helper('others')
        self.panel = self.node.create_publisher(EpisodeStatus, 'episode', qos.LATCHED)
        self.node.create_service(ResetSimulation, 'sim_bridge/reset', self._on_reset)
        self.action = OneGoal(self.node, RunPolicy, 'policy_node/run_policy', lambda _: '',
                              self._begin)
        if active:
            self.say(EpisodeStatus.STATE_IDLE)

    def _begin(self, goal):
        self.goals += 1

    def _on_reset(self, request, response):
        self.number += 1
        self.noise_level = request.noise_level
        self.say(EpisodeStatus.STATE_RUNNING)
        response.success, response.episode = True, self.number
        return response

    def say(self, state, outcome=Outcome.UNKNOWN):
        self.panel.publish(EpisodeStatus(
            episode=self.number, state=state, outcome=Outcome(value=outcome), steps=7))

    def end(self, outcome=Outcome.UNKNOWN, reason=TerminationReason.EPISODES_DONE):
        """End the episode of the newest goal, once its reset was answered."""
        self.bench.until(lambda: self.goals and self.number >= self.goals, 'goal and reset')
        self.bench.spin_for(0.05)
        done = reason == TerminationReason.EPISODES_DONE
        if done:
            self.say(EpisodeStatus.STATE_ENDED, outcome)
        self.action.end(RunPolicy.Result(
            reason=TerminationReason(value=reason, text='so they say'), episodes=int(done),
            outcome=Outcome(value=outcome)), succeeded=done,
            canceled=reason == TerminationReason.CANCELED)


@pytest.fixture
def others(bench):
    """Return the stand-ins."""
    return Others(bench)


@pytest.fixture
def client(bench, others, tmp_path):
    """Return an evaluator of three episodes whose first goal has been taken."""
    node = bench.node(Evaluator, episodes=3, noise_level=0.0, film_episodes=0,
                      report=str(tmp_path / 'out'))
    activate(node)
    bench.until(lambda: others.number == 1, 'the first reset')
    return node


def test_a_goal_that_somebody_else_ended_is_never_followed_by_another(
        bench, others, client, tmp_path, capfd):
    """An operator's cancel means: hold still. The next episode would move the robot again."""
    others.end(reason=TerminationReason.CANCELED)
    bench.until(lambda: client.finished, 'giving up')
    bench.spin_for(0.3)
    assert others.goals == 1 and client.exit_code == EXIT_FAILED
    assert 'somebody else ended the run: so they say' in capfd.readouterr().err
    [episode] = json.loads((tmp_path / 'out' / 'result.json').read_text())['per_episode']
    assert episode['cut_short'] and episode['success'] is None


def test_an_operators_stop_ends_the_evaluation(bench, others, client, capfd):
    others.end(reason=TerminationReason.OPERATOR_STOP)
    bench.until(lambda: client.finished, 'giving up')
    bench.spin_for(0.2)
    assert others.goals == 1 and 'the policy stopped' in capfd.readouterr().err


def test_an_episode_that_was_cut_short_is_no_failure_of_the_policy(
        bench, others, client, tmp_path, capfd):
    for outcome in (Outcome.SUCCESS, Outcome.ABORTED, Outcome.FAILURE):
        others.end(outcome)
        bench.until(lambda goals=others.goals: others.goals > goals or client.finished, 'the next')
    assert client.exit_code == 0 and others.noise_level == 0.0
    result = json.loads((tmp_path / 'out' / 'result.json').read_text())
    assert [e['success'] for e in result['per_episode']] == [True, None, False]
    assert [e['cut_short'] for e in result['per_episode']] == [False, True, False]
    assert (result['cut_short'], result['judged'], result['successes']) == (1, 2, 1)
    assert result['success_rate'] == 0.5
    said = capfd.readouterr().out
    assert '1/2 = 50.0%' in said and '1 (not in the success rate)' in said
    assert 'seed 1001  cut short' in said


def test_three_episodes_in_a_row_that_were_cut_short_are_a_fault(bench, others, client, capfd):
    for _ in range(3):
        others.end(Outcome.ABORTED)
        bench.until(lambda goals=others.goals: others.goals > goals or client.finished, 'the next')
    assert client.exit_code == EXIT_FAILED
    captured = capfd.readouterr()
    assert '3 episodes in a row were cut short' in captured.err
    assert 'every episode was cut short' in captured.out


def test_it_gives_up_when_somebody_else_resets_the_scene(bench, others, client, capfd):
    """It does not wait for an episode that is over, and tells the policy to stop."""
    bench.spin_for(0.1)
    others.say(EpisodeStatus.STATE_ENDED, Outcome.ABORTED)
    others.number += 1
    others.say(EpisodeStatus.STATE_RUNNING)
    bench.until(lambda: client.finished, 'giving up')
    assert 'somebody else called sim_bridge/reset' in capfd.readouterr().err
    bench.until(lambda: others.action.cancel_requested, 'the cancelled goal')
    assert others.goals == 1


def test_it_waits_for_the_end_of_an_episode_that_runs_already(bench, others):
    others.number = 5
    others.say(EpisodeStatus.STATE_RUNNING)
    node = bench.node(Evaluator)
    activate(node)
    bench.spin_for(1.0)
    assert others.goals == 0
    others.say(EpisodeStatus.STATE_ENDED)
    bench.until(lambda: others.goals == 1, 'the first goal')


def test_deactivated_it_cancels_what_runs_and_what_is_answered_late(bench, others, client):
    assert client.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    bench.until(lambda: others.action.cancel_requested, 'the cancelled goal')
    others.action.end(RunPolicy.Result(), succeeded=False, canceled=True)
    bench.spin_for(0.2)
    assert not client._report.episodes, 'what comes of it is ignored'
    assert client.trigger_activate() == TransitionCallbackReturn.SUCCESS
    others.say(EpisodeStatus.STATE_ENDED)
    bench.until(lambda: client._now.begun_ns, 'the next goal is sent')
    assert client.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    bench.until(lambda: others.goals == 2, 'its arrival')
    bench.until(lambda: others.action.cancel_requested, 'the second cancelled goal')
    assert others.number == 1, 'nothing is reset'


def test_pictures_that_cannot_be_read_are_no_video_and_no_end(bench, others, tmp_path, capfd):
    node = bench.node(Evaluator, episodes=1, report=str(tmp_path / 'out'), startup_timeout=WITHIN_S)
    activate(node)
    node._now.begun_ns = 1
    for _ in range(2):
        node._on_picture(Image(encoding='mono8', width=2, height=2, step=2, data=bytes(4)))
    assert node._now.pictures == []
    assert capfd.readouterr().err.count('mono8') == 1


def record(success, cut_short=False):
    return EpisodeRecord(seed=0, success=success, cut_short=cut_short, steps=5, total_reward=0.0,
                         ticks=5, running_s=0.1, deadline_misses=0, limited_commands=0, seconds=1.0,
                         reason='EPISODES_DONE', text='')


@pytest.mark.parametrize(('episodes', 'said'), [
    ([record(True), record(None, True), record(None)], '1/1 = 100.0%'),
    ([record(None)], 'nobody said'),
    ([record(None, True)], 'every episode was cut short'),
])
def test_the_table_divides_by_the_episodes_with_a_known_outcome(episodes, said):
    report = RunReport(load_contract('fetch_pick'), 1.0, 0, 4, {})
    for one in episodes:
        report.add(one, np.zeros(5), np.zeros(0), np.zeros((0, 1)), [])
    assert said in report.table()
    assert 'inferences' not in report.table()
    facts = report.as_dict()
    assert facts['ticks'] == facts['inferences'] == 5 * len(episodes)
    assert facts['judged'] == sum(e.success is not None for e in episodes)
    assert facts['cut_short'] == sum(e.cut_short for e in episodes)
    assert ('success_rate' in facts) == bool(facts['judged'])


def test_with_action_chunks_the_table_says_how_often_the_policy_was_asked():
    report = RunReport(load_contract('fetch_pick'), 1.0, 0, 1, {})
    report.add(record(True), np.zeros(2), np.zeros(0), np.zeros((0, 1)), [])
    assert '2 in 5 ticks (action chunks)' in report.table()
    assert (report.as_dict()['inferences'], report.as_dict()['ticks']) == (2, 5)
