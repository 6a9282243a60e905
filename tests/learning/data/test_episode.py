"""Episodes: checked at birth, read-only, equal when they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapt_learning.data import Episode
from adapt_learning.errors import DatasetError


def test_has_its_types_and_is_read_only(make_episode):
    episode = make_episode(7)
    assert len(episode) == 7
    assert [episode.observation.dtype, episode.action.dtype] == [np.float32, np.float32]
    assert episode.timestamp_s.dtype == np.float64
    with pytest.raises(ValueError, match='read-only'):
        episode.observation[0, 0] = 1


def test_does_not_share_memory_with_what_it_was_made_of():
    observation = np.zeros((3, 2), dtype=np.float32)
    episode = Episode(observation, np.zeros((3, 1)), np.arange(3.0), np.zeros(3))
    observation[0, 0] = 9
    assert episode.observation[0, 0] == 0


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=50))
def test_time_is_on_whole_nanoseconds(steps_ns):
    times_ns = np.cumsum(steps_ns)
    episode = Episode(np.zeros((len(times_ns), 1)), np.zeros((len(times_ns), 1)), times_ns * 1e-9,
                      np.zeros(len(times_ns)))
    stored = np.round(episode.timestamp_s * 1e9).astype(np.int64)
    np.testing.assert_array_equal(stored, times_ns)
    np.testing.assert_array_equal(stored / 1e9, episode.timestamp_s)


@pytest.mark.parametrize('changes, words', [
    ({'observation': np.zeros((12, 0))}, 'observation'),
    ({'observation': np.zeros(12)}, 'observation'),
    ({'action': np.zeros((11, 4))}, r'action .* \[12, n\]'),
    ({'reward': np.zeros(11)}, 'reward'),
    ({'timestamp_s': np.zeros(12)}, 'row 1'),
    ({'timestamp_s': np.full(12, np.nan)}, 'finite'),
    ({'timestamp_s': 1.7e9 + np.arange(12)}, 'counts from its start'),
    ({'extras': {'mask': np.zeros(5)}}, 'mask'),
    ({'extras': {'words': np.array(['x'] * 12)}}, 'numbers'),
    ({'seed': -1}, 'seed'),
    ({'noise_level': np.inf}, 'noise_level'),
])
def test_refuses_wrong_parts(make_episode, changes, words):
    with pytest.raises(DatasetError, match=words):
        make_episode(12, **changes)


def test_equality_counts_everything_and_nan_equals_nan(make_episode):
    observation = np.zeros((12, 16))
    observation[3, 3] = np.nan
    assert make_episode(observation=observation) == make_episode(observation=observation)
    assert make_episode() != make_episode(success=False)
    assert make_episode() != make_episode(extras={'x': np.zeros(12)})
    assert not make_episode(observation=observation).is_finite
