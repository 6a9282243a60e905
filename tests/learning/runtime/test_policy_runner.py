"""Everything that decides whether a command may leave."""

import numpy as np
import pytest

from adapt_learning.runtime import StopReason

LIKENESS = (2, 1.0, 2.0)


def test_a_frame_becomes_commands_in_units_of_the_robot(make_runner, frame):
    decision = make_runner().tick(frame())
    assert decision.stop is None
    np.testing.assert_allclose(decision.commands['speed'], [0.2, -0.4, 0.6], rtol=1e-6)
    assert decision.commands['grip'] == [1.0]


def test_commands_are_limited(make_runner, frame):
    runner = make_runner()
    runner.policy.action = np.array([0.9, -7, 0, 3], np.float32)
    decision = runner.tick(frame())
    np.testing.assert_array_equal(decision.commands['speed'], [1, -1, 0])
    assert decision.commands['grip'] == [1.0] and runner.limiter.limited == 1


@pytest.mark.parametrize('bad', [np.nan, np.inf, 1e39])
def test_an_observation_that_is_not_finite_stops_and_names_the_sensor(make_runner, frame, bad):
    runner = make_runner()
    decision = runner.tick(frame(bad))
    assert decision.commands is None
    assert decision.stop.reason is StopReason.OBSERVATION_NOT_FINITE
    assert 'pose.x' in decision.stop.text
    assert runner.latched == decision.stop and not runner.running


@pytest.mark.parametrize('bad', [np.nan, -np.inf])
def test_an_action_that_is_not_finite_stops(make_runner, frame, bad):
    runner = make_runner()
    runner.policy.action = np.array([0, bad, 0, 0], np.float32)
    decision = runner.tick(frame())
    assert decision.commands is None
    assert decision.stop.reason is StopReason.ACTION_NOT_FINITE


def test_after_a_fault_nothing_leaves_until_the_stop_is_reset(make_runner, frame):
    runner = make_runner()
    first = runner.tick(frame(np.nan)).stop
    assert runner.tick(frame()).commands is None and runner.tick(frame()).stop == first
    assert runner.judge() is None and runner.check() is None
    runner.stop(StopReason.CANCELED, 'the client cancelled')
    with pytest.raises(RuntimeError, match='reset_stop'):
        runner.start()
    assert runner.latched == first
    runner.reset_stop()
    assert runner.tick(frame()).commands is None
    runner.start()
    assert runner.tick(frame()).commands is not None


@pytest.mark.parametrize('reason', list(StopReason))
def test_faults_latch_and_orderly_stops_do_not(make_runner, frame, reason):
    runner = make_runner()
    runner.tick(frame())
    safe = runner.stop(reason, 'the reason')
    assert safe['speed'].tolist() == [0, 0, 0] and safe['grip'] == [1.0]
    assert runner.tick(frame()).commands is None
    if reason.latches:
        assert (runner.latched.reason, runner.latched.text) == (reason, 'the reason')
        with pytest.raises(RuntimeError, match='the reason'):
            runner.start()
    else:
        assert runner.latched is None
        runner.start()


def test_the_first_fault_is_the_one_that_is_told(make_runner):
    runner = make_runner()
    runner.stop(StopReason.OPERATOR_STOP, 'first')
    runner.stop(StopReason.INTERNAL_ERROR, 'second')
    assert runner.latched.text == 'first'


def test_stopping_twice_gives_the_same_safe_command(make_runner, frame):
    runner = make_runner()
    runner.tick(frame())
    first = runner.stop(StopReason.CANCELED, '')
    second = runner.stop(StopReason.CANCELED, '')
    assert first.keys() == second.keys()
    assert all((first[key] == second[key]).all() for key in first)


def test_what_was_never_commanded_is_not_held(make_runner):
    assert set(make_runner().stop(StopReason.CANCELED, '')) == {'speed'}


def test_late_inferences_in_a_row_stop(make_runner, frame):
    runner = make_runner()
    runner.policy.takes_s = 0.04
    assert runner.tick(frame()).stop is None and runner.tick(frame()).stop is None
    runner.policy.takes_s = 0.02
    assert runner.tick(frame()).stop is None
    runner.policy.takes_s = 0.04
    decisions = [runner.tick(frame()) for _ in range(3)]
    assert [d.stop is None for d in decisions] == [True, True, False]
    assert decisions[2].stop.reason is StopReason.DEADLINE_MISSED
    assert '3 inferences in a row took longer than 0.030 s' in decisions[2].stop.text
    assert decisions[2].commands is None


def test_a_command_that_came_too_late_is_not_what_is_held(make_runner, frame):
    runner = make_runner()
    runner.policy.takes_s = 0.04
    runner.tick(frame())
    runner.tick(frame())
    runner.policy.action = np.array([0, 0, 0, -1], np.float32)
    assert runner.tick(frame()).stop is not None
    assert runner.stop(StopReason.DEADLINE_MISSED, '')['grip'] == [1.0]


def test_the_deadline_counts_from_the_last_message(make_runner, frame, clock):
    runner = make_runner()
    received = clock()
    clock.advance(0.05)
    runner.tick(frame(), received)
    assert runner.latency.values[0] == pytest.approx(0.051)
    clock.now_ns = 0
    runner.tick(frame(), 0)
    assert runner.latency.values[1] == pytest.approx(0.001)
    assert runner.latency.misses == 1


def test_observations_that_cease_stop(make_runner, frame, clock):
    runner = make_runner()
    clock.advance(5.0)
    assert runner.check() is None  # nothing has come yet: the goal watches the start
    runner.tick(frame())
    clock.advance(0.198)
    assert runner.check() is None
    assert runner.observation_age_s == pytest.approx(0.199)
    clock.advance(0.002)
    stop = runner.check()
    assert stop.reason is StopReason.OBSERVATION_TIMEOUT and '(limit 0.200 s)' in stop.text
    assert runner.latched == stop and runner.check() is None


def test_between_episodes_no_observation_is_expected(make_runner, frame, clock):
    runner = make_runner()
    runner.tick(frame())
    runner.end_episode()
    clock.advance(60)
    assert runner.check() is None and np.isnan(runner.observation_age_s)
    runner.begin_episode()
    clock.advance(60)
    assert runner.check() is None
    runner.tick(frame())
    clock.advance(1)
    assert runner.check() is not None


def test_a_simulation_that_waits_is_only_measured(make_runner, frame, clock):
    runner = make_runner(realtime=False)
    runner.policy.takes_s = 0.5
    for _ in range(5):
        assert runner.tick(frame()).commands is not None
        clock.advance(3.0)
        assert runner.check() is None
    assert (runner.latency.ticks, runner.latency.misses) == (5, 5)


def test_a_simulation_is_no_excuse_for_values_that_are_not_finite(make_runner, frame):
    runner = make_runner(realtime=False)
    assert runner.tick(frame(np.nan)).stop.reason is StopReason.OBSERVATION_NOT_FINITE


def test_what_the_robot_does_is_judged_after_it_was_sent(make_runner, frame):
    runner = make_runner(LIKENESS)
    runner.policy.errors = [0.5]
    runner.policy.action = np.array([0.9, 0, 0, 3], np.float32)
    runner.tick(frame(0.25))
    assert runner.policy.judged == []
    assert runner.judge() is None and runner.judge() is None
    (observation, action), = runner.policy.judged
    assert observation.tolist() == [0.25] * 3
    np.testing.assert_allclose(action, [0.5, 0, 0, 1])  # limited to 1 m/s, which is action 0.5
    assert runner.likeness_scores == [0.5]


def test_behaviour_unlike_the_expert_warns_and_stops_only_where_asked_for(make_runner, frame):
    for stops in (False, True):
        runner = make_runner(LIKENESS, stop_unlike_expert=stops)
        runner.policy.errors = [9.0, 9.0]
        runner.tick(frame())
        assert runner.judge() is None and runner.monitor.warns
        runner.tick(frame())
        stop = runner.judge()
        assert (stop is not None) == stops == (runner.latched is not None)
    assert stop.reason is StopReason.UNLIKE_EXPERT and 'score 9.0' in stop.text


def test_without_a_detector_nothing_is_judged(make_runner, frame):
    runner = make_runner()
    runner.tick(frame())
    assert runner.monitor is None and runner.judge() is None and runner.likeness_scores == []


def test_an_episode_begins_with_fresh_limits_and_monitor_but_the_statistics_go_on(
        make_runner, frame):
    runner = make_runner(LIKENESS)
    runner.policy.errors = [9.0, 0.5]
    runner.tick(frame())
    runner.judge()
    runner.tick(frame())
    runner.begin_episode()
    assert runner.judge() is None  # the last pair of the old episode is not the new one's
    runner.tick(frame())
    runner.judge()
    assert runner.likeness_scores == [9.0, 0.5]
    assert runner.latency.ticks == 3
    runner.stop(StopReason.EPISODES_DONE, '')
    runner.start()
    assert runner.likeness_scores == [] and runner.latency.ticks == 0


def test_a_soft_start_begins_with_every_episode(make_runner, frame, contract):
    safety = contract.safety.model_copy(update={'soft_start_s': 0.1})
    runner = make_runner(used=contract.model_copy(update={'safety': safety}))
    speeds = []
    for _ in range(2):
        runner.begin_episode()
        speeds.append([runner.tick(frame()).commands['speed'][0] for _ in range(4)])
    np.testing.assert_allclose(speeds, [[0.2 / 3, 0.4 / 3, 0.2, 0.2]] * 2, rtol=1e-6)
