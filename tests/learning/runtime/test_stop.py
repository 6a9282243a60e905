"""The numbers that travel in messages mean the same on both sides."""

import re
from pathlib import Path

import pytest

from adapt_learning.runtime import StopReason, run_goal
from adapt_learning.runtime.run_goal import RunGoal

MESSAGES = Path(__file__).parents[3] / 'src' / 'adapt_msgs' / 'msg'


def constants(name):
    """Return the constants of a .msg file."""
    text = (MESSAGES / f'{name}.msg').read_text(encoding='utf-8')
    return {key: int(value) for key, value in re.findall(r'^uint8 ([A-Z_]+) *= *(\d+)', text, re.M)}


def test_stop_reasons_are_the_constants_of_the_message():
    assert {reason.name: reason.value for reason in StopReason} == constants('TerminationReason')


def test_outcomes_are_the_constants_of_the_message():
    ours = {name.removeprefix('OUTCOME_'): value for name, value in vars(run_goal).items()
            if name.startswith('OUTCOME_')}
    assert ours == constants('Outcome')


def test_only_an_orderly_end_needs_nobody_to_look():
    orderly = {reason.name for reason in StopReason if not reason.latches}
    assert orderly == {'NONE', 'EPISODES_DONE', 'TIME_LIMIT', 'CANCELED', 'DEACTIVATED'}


S = 1_000_000_000


def test_a_goal_ends_after_its_episodes_and_knows_the_successes():
    goal = RunGoal(max_episodes=3)
    assert goal.episode_ended(run_goal.OUTCOME_SUCCESS, S) is None
    assert goal.episode_ended(run_goal.OUTCOME_FAILURE, 2 * S) is None
    stop = goal.episode_ended(run_goal.OUTCOME_SUCCESS, 3 * S)
    assert stop.reason is StopReason.EPISODES_DONE and '3 episodes' in stop.text
    assert (goal.episodes, goal.successes, goal.outcome) == (3, 2, run_goal.OUTCOME_SUCCESS)
    goal.episode_began(4 * S)
    assert goal.outcome == run_goal.OUTCOME_UNKNOWN


def test_a_goal_without_limits_does_not_end():
    goal = RunGoal(started_ns=5 * S)
    goal.observed()
    assert all(goal.episode_ended(run_goal.OUTCOME_SUCCESS, S) is None for _ in range(100))
    goal.observed()
    assert goal.check(10_000 * S) is None


def test_a_goal_ends_when_its_time_is_over():
    goal = RunGoal(max_duration_s=2.0, started_ns=5 * S)
    goal.observed()
    assert goal.check(7 * S - 1) is None
    assert goal.check(7 * S).reason is StopReason.TIME_LIMIT


@pytest.mark.parametrize('timeout_s, limit_s', [(0.0, 10.0), (3.0, 3.0)])
def test_a_goal_gives_up_when_no_observation_comes(timeout_s, limit_s):
    goal = RunGoal(start_timeout_s=timeout_s, started_ns=5 * S)
    assert goal.check(round((5 + limit_s) * S)) is None
    stop = goal.check(round((5.1 + limit_s) * S))
    assert stop.reason is StopReason.OBSERVATION_TIMEOUT and f'{limit_s:g} s' in stop.text


def test_waiting_counts_anew_from_every_episode():
    goal = RunGoal(start_timeout_s=3.0, started_ns=0)
    goal.observed()
    assert goal.check(100 * S) is None
    goal.episode_ended(run_goal.OUTCOME_FAILURE, 100 * S)
    assert goal.check(102 * S) is None
    goal.episode_began(102 * S)
    assert goal.check(104 * S) is None
    assert goal.check(106 * S).reason is StopReason.OBSERVATION_TIMEOUT
