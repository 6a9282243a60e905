"""What is measured while a policy runs: latency, and likeness to the expert."""

import math

import numpy as np
import pytest

from adapt_learning.errors import ArtifactError
from adapt_learning.runtime.latency import LatencyRecord
from adapt_learning.runtime.likeness import LikenessCalibration, LikenessMonitor


def test_a_latency_record_counts_misses_and_those_in_a_row():
    record = LatencyRecord(0.03)
    for latency in (0.01, 0.04, 0.05, 0.03, 0.031):
        record.add(latency)
    assert (record.ticks, record.misses, record.misses_in_a_row) == (5, 3, 1)
    np.testing.assert_array_equal(record.values, [0.01, 0.04, 0.05, 0.03, 0.031])
    assert record.percentile(50) == pytest.approx(0.031)
    assert record.percentile(99) == pytest.approx(np.percentile(record.values, 99))


def test_a_latency_record_without_a_tick_has_no_percentile():
    record = LatencyRecord(0.03)
    assert math.isnan(record.percentile(50)) and record.values.shape == (0,)
    record.add(1.0)
    record.clear()
    assert (record.ticks, record.misses, record.misses_in_a_row) == (0, 0, 0)
    assert math.isnan(record.percentile(99))


def test_a_latency_record_keeps_the_last_twenty_thousand_and_counts_all():
    record = LatencyRecord(0.5)
    for i in range(20_010):
        record.add(i * 1e-6)
    assert record.ticks == 20_010 and len(record.values) == 20_000
    assert record.values[0] == pytest.approx(10e-6)


def monitor(window=3, warn=2.0, stop=4.0):
    return LikenessMonitor(LikenessCalibration(window, warn, stop))


def test_the_score_is_the_running_mean_in_units_of_the_warning():
    watch = monitor()
    assert math.isnan(watch.score) and not watch.warns and not watch.stops
    assert [watch.add(error) for error in (1, 3, 8, 1)] == pytest.approx([0.5, 1.0, 2.0, 2.0])


def test_a_warning_comes_above_one_and_a_stop_only_from_a_full_window():
    watch = monitor()
    watch.add(100.0)
    assert watch.warns and not watch.stops
    watch.add(0.0)
    watch.add(0.0)
    assert watch.stops
    for _ in range(3):
        watch.add(2.0)
    assert not watch.warns and not watch.stops


def test_a_monitor_forgets_with_every_episode():
    watch = monitor(window=1)
    watch.add(100.0)
    watch.reset()
    assert math.isnan(watch.score) and not watch.stops
    assert watch.add(1.0) == 0.5


@pytest.mark.parametrize('error', [math.nan, math.inf, 1e300])
def test_an_error_that_is_not_finite_is_as_unlike_the_expert_as_can_be(error):
    watch = monitor()
    for _ in range(3):
        assert math.isfinite(watch.add(error))
    assert watch.warns and watch.stops
    for _ in range(3):
        watch.add(1.0)
    assert watch.score == 0.5


@pytest.mark.parametrize('window, warn, stop', [
    (0, 1.0, 2.0), (3, 0.0, 1.0), (3, 2.0, 1.0), (3, math.nan, 1.0), (3, 1.0, math.nan)])
def test_a_calibration_that_makes_no_sense_is_refused(window, warn, stop):
    with pytest.raises(ArtifactError, match='0 < warn <= stop'):
        LikenessCalibration(window, warn, stop)
