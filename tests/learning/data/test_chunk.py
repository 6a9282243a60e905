"""Chunks of actions: cut within an episode, held where nothing comes after."""

import numpy as np
import pytest

from adapt_learning.data import Dataset, Episode
from adapt_learning.data.chunk import Chunk, action_chunks
from adapt_learning.errors import SettingError
from adapt_learning.frames import load_contract


def episode(ticks, action=None):
    """Return an episode of FetchPick (25 Hz) with rows at some control periods."""
    ticks = np.asarray(ticks, np.float64)
    action = np.arange(len(ticks)) if action is None else action
    return Episode(np.zeros((len(ticks), 16)), np.repeat(np.asarray(action)[:, None], 4, 1),
                   ticks * 0.04, np.zeros(len(ticks)))


def cut(ticks, length):
    """Return the first elements of the chunks, as lists."""
    return action_chunks(episode(ticks), length, 25)[:, :, 0].tolist()


def test_a_chunk_is_what_comes_next_and_the_last_action_is_held():
    assert cut(range(4), 3) == [[0, 1, 2], [1, 2, 3], [2, 3, 3], [3, 3, 3]]
    assert cut(range(2), 5) == [[0, 1, 1, 1, 1], [1, 1, 1, 1, 1]]
    assert cut(range(3), 1) == [[0], [1], [2]]


def test_where_rows_are_missing_the_action_before_is_held_until_the_next_is_due():
    assert cut([0, 1, 4, 5], 4) == [[0, 1, 1, 1], [1, 1, 1, 2], [2, 3, 3, 3], [3, 3, 3, 3]]


def test_stamps_that_shake_or_drift_are_no_missing_rows():
    shaken = np.arange(6) + [0, 0.3, -0.1, 0.2, -0.2, 0.1]
    assert cut(shaken, 2) == cut(np.arange(6) * 1.04, 2) == cut(range(6), 2)
    assert cut(np.arange(6) * 0.2, 2) == cut(range(6), 2)  # faster than the contract says


def test_no_chunk_crosses_the_border_of_an_episode():
    data = Dataset((episode(range(3), [1, 2, 3]), episode(range(2), [7, 8])),
                   load_contract('fetch_pick'))
    observation, action = data.chunks(3)
    assert observation.shape == (5, 16) and action.shape == (5, 3, 4)
    assert action[:, :, 0].tolist() == [[1, 2, 3], [2, 3, 3], [3, 3, 3], [7, 8, 8], [8, 8, 8]]
    single = data.chunks(1)[1]
    assert single.dtype == np.float32 and (single[:, 0] == data.pairs()[1]).all()
    assert Dataset((), data.contract).chunks(3)[1].shape == (0, 3, 4)


@pytest.mark.parametrize('values', [(0, 0), (2, 0), (2, 3), (101, 1), (2.0, 1), (True, 1),
                                    ('8', '4'), (None, 1)])
def test_a_chunk_that_makes_no_sense(values):
    with pytest.raises(SettingError, match='1 <= executed <= length <= 100'):
        Chunk(*values)


def test_single_actions_need_no_word():
    assert Chunk().as_dict is None
    assert Chunk(8, 4).as_dict == {'length': 8, 'executed': 4}
