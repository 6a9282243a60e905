"""The share of polluted values from scores."""

import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.restoration.share import ShareConfig, estimate_share


def _errors(count=4000, share=0.0, size=16, sigma=1.0, seed=0):
    """Return squared errors as of a filter: chi-square, clean ones of very different sizes."""
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < share
    scale = 0.02 * np.exp(0.4 * rng.normal(size=count)) + sigma * truth
    return (scale[:, None] * rng.normal(size=(count, size)))**2 @ np.ones(size), truth


@pytest.mark.parametrize('share', [0.05, 0.1, 0.2, 0.4])
@pytest.mark.parametrize('sigma', [1.0, 0.5])
def test_the_share_is_found(share, sigma):
    """Within one percent of the values, and the threshold parts them."""
    scores, truth = _errors(share=share, sigma=sigma)
    estimate = estimate_share(scores)
    assert estimate.needed
    assert abs(estimate.polluted - truth.mean()) < 0.01
    assert np.mean((scores > estimate.threshold) == truth) > 0.99
    assert 0 < estimate.confidence <= 1
    assert '%' in estimate.reason


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('count', [60, 300, 4000])
def test_clean_scores_need_nothing(count, seed):
    """Also with a long tail of rows that are hard to predict."""
    rng = np.random.default_rng(seed)
    tail = np.exp(rng.normal(size=count))
    for scores in (_errors(count, seed=seed)[0], tail, rng.random(count), np.log(tail)):
        estimate = estimate_share(scores)
        assert not estimate.needed, estimate
        assert estimate.polluted == 0
        assert not (scores > estimate.threshold).any()


def test_scale_and_shift_of_the_scores_do_not_matter():
    """Filters have scales of their own."""
    scores, _ = _errors(share=0.2)
    first, second = estimate_share(scores), estimate_share(1000 * scores - 50)
    assert first.polluted == pytest.approx(second.polluted, abs=1e-3)
    assert second.threshold == pytest.approx(1000 * first.threshold - 50, rel=1e-3)


@pytest.mark.parametrize('scores', [
    np.zeros(0), np.ones(5), np.zeros(1000), np.r_[np.zeros(900), np.ones(100)]])
def test_degenerate_scores_need_nothing(scores):
    """Too few values, equal ones, and mostly equal ones."""
    estimate = estimate_share(scores)
    assert not estimate.needed
    assert estimate.reason


def test_overlapping_humps_are_not_told_apart():
    """Where the filter cannot tell, nothing is suspected."""
    scores, _ = _errors(share=0.2, sigma=0.01)
    assert not estimate_share(scores).needed


def test_a_few_rare_values_are_no_pollution():
    """A hump below `least` stays; with a smaller `least` it is found."""
    scores, truth = _errors(share=0.0)
    scores[:24] = 16 + np.random.default_rng(0).random(24)
    assert not estimate_share(scores).needed
    found = estimate_share(scores, ShareConfig(least=0.001))
    assert found.polluted == pytest.approx(24 / len(truth))


def test_broken_scores_and_settings_are_refused():
    """The error says how many and what is allowed."""
    with pytest.raises(SettingError, match='1 that are not'):
        estimate_share(np.r_[np.ones(100), np.nan])
    for settings in ({'depth': 1.0}, {'smoothing': 0.0}, {'distance': 0.5}, {'least': 0.5},
                     {'least_rows': 0}):
        with pytest.raises(SettingError, match=next(iter(settings))):
            ShareConfig(**settings)


def test_humps_below_the_floor_are_not_pollution():
    """Easy and hard rows make two humps of clean surprises; polluted ones lie above the floor."""
    rng = np.random.default_rng(0)
    clean = np.concatenate([rng.normal(-3.0, 0.2, 3000), rng.normal(-1.5, 0.2, 1500)])
    assert estimate_share(clean).needed
    assert not estimate_share(clean, ShareConfig(floor=-1.0)).needed
    both = np.concatenate([clean, rng.normal(3.0, 1.0, 1000)])
    found = estimate_share(both, ShareConfig(floor=-1.0))
    assert found.needed and found.polluted == pytest.approx(1000 / 5500, abs=0.01)


def test_many_surprising_values_are_enough_where_the_valley_is_blurred():
    """For scores with a meaning of their own: few demonstrations smear the humps."""
    rng = np.random.default_rng(0)
    smeared = np.concatenate([rng.normal(-0.7, 0.4, 800), rng.uniform(-0.5, 4.0, 280)])
    share = float(np.mean(smeared > 1.0))
    assert not estimate_share(smeared).needed
    estimate = estimate_share(smeared, ShareConfig(floor=0.5, surprising=1.0))
    assert estimate.needed and estimate.polluted == share and estimate.threshold == 1.0
    few = np.concatenate([rng.normal(-0.7, 0.4, 800), rng.uniform(-0.5, 4.0, 100)])
    assert not estimate_share(few, ShareConfig(floor=0.5, surprising=1.0)).needed
