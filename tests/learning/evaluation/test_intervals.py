"""Wilson intervals against published values."""

import pytest

from adapt_learning.errors import SettingError
from adapt_learning.evaluation.intervals import success_rate


@pytest.mark.parametrize('successes, episodes, low, high', [
    # Newcombe 1998, table I, method 3 (score without continuity correction).
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718), (29, 29, 0.8830, 1.0),
])
def test_published_values(successes, episodes, low, high):
    result = success_rate(successes, episodes)
    assert result.low == pytest.approx(low, abs=6e-5)
    assert result.high == pytest.approx(high, abs=6e-5)
    assert result.rate == successes / episodes


def test_says_it_in_words():
    assert str(success_rate(195, 200)) == '97.5 % (94.3-98.9, 195 of 200)'


@pytest.mark.parametrize('successes, episodes', [(0, 0), (-1, 5), (6, 5)])
def test_refuses_impossible_counts(successes, episodes):
    with pytest.raises(SettingError):
        success_rate(successes, episodes)
