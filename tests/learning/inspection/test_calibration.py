"""Thresholds keep what they promise, and promise what so few references can."""

import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.inspection.calibration import (
    COPIES,
    COPIES_MARGIN,
    MARGIN,
    MARGIN_METHOD,
    RANK,
    calibrate,
    odd_ones,
)

DRAWS = 4000
FAMILIES = {
    'lognormal': lambda rng, n: rng.lognormal(0.0, 0.4, n),
    'heavy tail': lambda rng, n: 1.0 + np.abs(rng.standard_t(3, n)),
    'steps': lambda rng, n: rng.integers(1, 6, n).astype(float),
}


@pytest.mark.parametrize('family', FAMILIES)
@pytest.mark.parametrize(('n', 'asked'), [(25, 0.05), (25, 0.2), (99, 0.01), (8, 0.2), (8, 0.01),
                                          (2, 0.3)])
def test_the_false_reject_rate_stays_within_the_stated_bound(family, n, asked):
    """Exchangeable scores: n references and one good part, many draws."""
    rng = np.random.default_rng(len(family) * 1000 + n)
    refused, bound = 0, None
    for _ in range(DRAWS):
        scores = FAMILIES[family](rng, n + 1)
        threshold = calibrate(scores[:n], asked)
        refused += scores[n] >= threshold.value
        bound = threshold.bound
    assert bound is not None and (bound <= asked or bound == 1 / (n + 1))
    rate = refused / DRAWS
    assert rate <= bound + 3.0 * np.sqrt(bound * (1 - bound) / DRAWS)
    if family == 'lognormal' and bound <= asked:
        # Not by refusing nothing: where a rank is taken the bound is exact without ties.
        assert rate >= bound - 3.0 * np.sqrt(bound * (1 - bound) / DRAWS)


def test_the_rank_is_the_one_of_the_rule():
    scores = np.arange(1.0, 20.0)[::-1]  # n = 19
    found = calibrate(scores, 0.05)  # k = ceil(20 * 0.95) = 19
    assert found.method == RANK and found.value == np.nextafter(19.0, np.inf)
    assert found.bound == pytest.approx(0.05)
    found = calibrate(scores, 0.1)
    assert found.value == np.nextafter(18.0, np.inf) and found.bound == pytest.approx(0.1)


def test_a_score_that_equals_the_rank_is_good():
    assert calibrate([2.0] * 19, 0.05).value > 2.0


def test_too_few_references_promise_less_and_say_so():
    found = calibrate([1.0, 2.0, 3.0], 0.01)
    assert found.method == MARGIN_METHOD and found.value == pytest.approx(3.0 * MARGIN)
    assert found.bound == 0.25
    assert '25.0%' in found.sentence and '1.0% was asked' in found.sentence
    assert 'takes 99' in found.sentence
    assert calibrate(np.arange(1.0, 100.0), 0.01).bound == pytest.approx(0.01), '99 are enough'
    assert calibrate(np.arange(1.0, 99.0), 0.01).bound == pytest.approx(1 / 99), '98 are not'


def test_copies_of_one_reference_promise_nothing_and_say_so():
    found = calibrate([1.0, 2.0], 0.01, copies=True)
    assert found.bound is None and found.method == COPIES
    assert found.value == pytest.approx(2.0 * COPIES_MARGIN)
    assert 'nothing can be promised' in found.sentence


@pytest.mark.parametrize('rate', [0.0, 1.0, -0.1, 1.5, float('nan')])
def test_rates_out_of_range_are_refused(rate):
    with pytest.raises(SettingError, match='false-reject rate lies above 0'):
        calibrate([1.0, 2.0], rate)


@pytest.mark.parametrize('scores', [[], [1.0, float('nan')], [float('inf')]])
def test_scores_that_are_none_are_refused(scores):
    with pytest.raises(SettingError, match='finite score'):
        calibrate(scores, 0.1)


@pytest.mark.parametrize('scores', [[0.0] * 30, [-1.0, 2.0]])
def test_scores_without_a_threshold_above_zero_are_refused(scores):
    with pytest.raises(SettingError, match='above zero'):
        calibrate(scores, 0.1)


def test_the_odd_one_is_found_and_nobody_else():
    rng = np.random.default_rng(0)
    scores = rng.normal(1.0, 0.05, 12)
    assert odd_ones(scores) == []
    scores[7] = 2.5
    assert odd_ones(scores) == [7]


def test_a_little_above_equal_scores_is_not_odd():
    scores = [1.0] * 9 + [1.3]
    assert odd_ones(scores) == [], 'no spread at all makes any z-score huge'
    assert odd_ones([1.0, 5.0, 1.0]) == [], 'of three nobody can say which one is odd'
