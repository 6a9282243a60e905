"""Datasets in memory: sizes, hash, pairs, split."""

from dataclasses import replace

import numpy as np
import pytest

from adapt_learning.data import Dataset
from adapt_learning.errors import DatasetError, SettingError


def test_pairs_are_all_rows_in_order(dataset):
    observation, action = dataset.pairs()
    assert observation.shape == (dataset.steps, 16) and action.shape == (dataset.steps, 4)
    np.testing.assert_array_equal(observation[:8], dataset.episodes[0].observation)
    np.testing.assert_array_equal(action[-20:], dataset.episodes[-1].action)


def test_hash_covers_the_content_and_not_the_lineage(dataset, make_episode):
    assert replace(dataset, meta={}).hash == dataset.hash
    seen = {dataset.hash}
    for changed in (dataset.episodes[:-1], dataset.episodes[::-1],
                    (*dataset.episodes[:-1], replace(dataset.episodes[-1], success=True)),
                    (*dataset.episodes[:-1], replace(dataset.episodes[-1], task='other'))):
        seen.add(replace(dataset, episodes=changed).hash)
    assert len(seen) == 5


def test_split_cuts_between_episodes_and_is_repeatable(dataset):
    training, validation = dataset.split(0.4, seed=1)
    assert len(training) == 3 and len(validation) == 2
    assert {e.seed for e in training} | {e.seed for e in validation} == set(range(5))
    assert dataset.split(0.4, seed=1)[1] == validation
    assert {dataset.split(0.4, seed=s)[1].hash for s in range(8)} != {validation.hash}


def test_split_gives_each_side_at_least_one(dataset, contract, make_episode):
    assert len(dataset.split(0.01, 0)[1]) == 1
    assert len(dataset.split(0.99, 0)[0]) == 1
    training, validation = dataset.split(0.0, 0)
    assert training == dataset and validation.pairs()[0].shape == (0, 16)
    with pytest.raises(DatasetError, match='at least 2'):
        Dataset((make_episode(),), contract).split(0.1, 0)
    with pytest.raises(SettingError):
        dataset.split(1.0, 0)


def test_refuses_episodes_of_another_contract(contract, make_episode):
    odd = make_episode(action=np.zeros((12, 3)))
    with pytest.raises(DatasetError, match='action of episode 1 has 3 elements.*fetch_pick.* 4'):
        Dataset((make_episode(), odd), contract)


def test_refuses_different_extra_columns(contract, make_episode):
    with pytest.raises(DatasetError, match='extra columns'):
        Dataset((make_episode(), make_episode(extras={'x': np.zeros(12)})), contract)


def test_tells_where_values_are_not_finite(contract, make_episode):
    action = np.zeros((12, 4))
    action[5:7, 1] = np.inf
    dataset = Dataset((make_episode(), make_episode(action=action)), contract)
    assert dataset.not_finite() == (
        'episode 1: action gripper_velocity.y: 2 of 12 rows, first at row 5',)
