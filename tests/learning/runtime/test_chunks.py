"""Action chunks in the runner: one action per tick, and none of them after anything went wrong."""

import numpy as np
import pytest

from adapt_learning.data.chunk import Chunk
from adapt_learning.runtime import StopReason
from adapt_learning.runtime.latency import LatencyRecord

PLANNED = np.arange(1, 21, dtype=np.float32).reshape(5, 4) / 100
"""Five actions of four elements; the first elements are 0.01, 0.05, 0.09, ..."""


@pytest.fixture
def chunked(make_runner):
    """Return a function that makes a started runner whose policy gives chunks of 5 actions."""

    def make(executed=3, **options):
        runner = make_runner(**options)
        runner.policy.chunk, runner.policy.action = Chunk(5, executed), PLANNED.copy()
        return runner
    return make


def speeds(runner, frame, periods):
    """Return the first element of the commands of some ticks, in units of the action."""
    return [runner.tick(frame(period=p)).commands['speed'][0] / 2 for p in periods]


def test_the_first_actions_are_executed_one_per_tick_and_then_it_is_asked_again(chunked, frame):
    runner = chunked()
    np.testing.assert_allclose(speeds(runner, frame, range(7)),
                               [0.01, 0.05, 0.09, 0.01, 0.05, 0.09, 0.01], rtol=1e-5)
    assert runner.policy.asked == 3


@pytest.mark.parametrize('executed, asked', [(1, 6), (2, 3), (5, 2)])
def test_how_often_it_is_asked_is_a_setting(chunked, frame, executed, asked):
    runner = chunked(executed)
    speeds(runner, frame, range(6))
    assert runner.policy.asked == asked


@pytest.mark.parametrize('period', [2.0, 1.6, 0.4, 0.0, -3.0])
def test_a_frame_that_is_missing_repeated_or_old_drops_the_plan(chunked, frame, period):
    runner = chunked()
    np.testing.assert_allclose(speeds(runner, frame, [0, period]), [0.01, 0.01], rtol=1e-5)
    assert runner.policy.asked == 2


def test_a_stamp_that_is_a_little_off_does_not(chunked, frame):
    runner = chunked()
    np.testing.assert_allclose(speeds(runner, frame, [0, 0.6, 2.0]), [0.01, 0.05, 0.09], rtol=1e-5)


def orderly_stop(runner):
    runner.stop(StopReason.CANCELED, '')
    runner.start()


def latched_stop(runner):
    runner.stop(StopReason.OPERATOR_STOP, 'an operator')
    runner.reset_stop()
    runner.start()


def next_episode(runner):
    runner.end_episode()
    runner.begin_episode()


def began_anew(runner):
    runner.begin_episode()


@pytest.mark.parametrize('happens', [orderly_stop, latched_stop, next_episode, began_anew])
def test_an_old_plan_never_goes_on(chunked, frame, happens):
    """The stamps go on without a gap, so only the clearing itself can drop the plan."""
    runner = chunked()
    speeds(runner, frame, [0])
    happens(runner)
    runner.policy.action = -PLANNED
    np.testing.assert_allclose(speeds(runner, frame, [1, 2]), [-0.01, -0.05], rtol=1e-5)


def test_after_every_fault_the_plan_is_gone(chunked, frame, clock):
    def not_finite(runner):
        return runner.tick(frame(np.nan, period=1)).stop

    def too_old(runner):
        return runner.tick(frame(period=1), age_s=1.0).stop

    def ceased(runner):
        clock.advance(1.0)
        return runner.check()

    def late(runner):
        received = clock()
        clock.advance(1.0)
        return runner.tick(frame(period=1), received).stop

    for fault, reason in ((not_finite, StopReason.OBSERVATION_NOT_FINITE),
                          (too_old, StopReason.OBSERVATION_TIMEOUT),
                          (ceased, StopReason.OBSERVATION_TIMEOUT),
                          (late, StopReason.DEADLINE_MISSED)):
        runner = chunked()
        speeds(runner, frame, [0])
        assert fault(runner).reason is reason
        assert runner.tick(frame(period=2)).commands is None
        runner.reset_stop()
        assert runner.tick(frame(period=2)).commands is None  # not before the next start
        runner.start()
        runner.policy.action = -PLANNED
        np.testing.assert_allclose(speeds(runner, frame, [2]), [-0.01], rtol=1e-5)


def test_behaviour_unlike_the_expert_stops_within_a_plan(chunked, frame):
    runner = chunked(calibration=(2, 1.0, 2.0), stop_unlike_expert=True)
    runner.policy.errors = [9.0, 9.0]
    for period in range(2):
        runner.tick(frame(period=period))
        stop = runner.judge()
    assert stop.reason is StopReason.UNLIKE_EXPERT and runner.policy.asked == 1
    assert runner.tick(frame(period=2)).commands is None
    # Each action was judged with the observation of its own instant.
    np.testing.assert_allclose([a[0] for _, a in runner.policy.judged], [0.01, 0.05], rtol=1e-5)


def test_a_bad_action_anywhere_in_the_plan_stops_before_the_first_is_sent(chunked, frame):
    runner = chunked()
    runner.policy.action[2, 1] = np.nan
    decision = runner.tick(frame())
    assert decision.commands is None and decision.stop.reason is StopReason.ACTION_NOT_FINITE


def test_every_single_action_is_limited(chunked, frame):
    runner = chunked()
    runner.policy.action[1:3, 0] = 0.9, -7.0  # 1.8 m/s and -14 m/s; 1 m/s is the limit
    np.testing.assert_allclose(speeds(runner, frame, range(3)), [0.01, 0.5, -0.5], rtol=1e-5)
    assert runner.limiter.limited == 2


def test_latency_is_that_of_the_inferences_and_ticks_are_all(chunked, frame):
    runner = chunked()
    runner.policy.takes_s = 0.02
    speeds(runner, frame, range(6))
    assert runner.latency.ticks == 6
    np.testing.assert_allclose(runner.latency.values, [0.02, 0.02])
    assert runner.latency.percentile(50) == pytest.approx(0.02)


def test_quick_ticks_between_do_not_hide_that_every_inference_is_late(chunked, frame):
    runner = chunked()
    runner.policy.takes_s = 0.04
    decisions = [runner.tick(frame(period=p)) for p in range(7)]
    assert [d.stop is None for d in decisions] == [True] * 6 + [False]
    assert decisions[-1].stop.reason is StopReason.DEADLINE_MISSED
    record = LatencyRecord(0.03)
    for latency, asked in ((0.04, True), (0.0, False), (0.05, False), (0.0, False), (0.02, True)):
        record.add(latency, asked)
    assert (record.ticks, record.misses, record.misses_in_a_row) == (5, 2, 0)


def test_networks_are_warmed_up_without_a_plan(chunked, frame):
    runner = chunked(calibration=(2, 1.0, 2.0))
    runner.policy.errors = [1.0]
    runner.warm_up()
    assert runner.policy.judged[0][1].shape == (4,)
    np.testing.assert_allclose(speeds(runner, frame, [0]), [0.01], rtol=1e-5)
