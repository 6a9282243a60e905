"""The bank covers the references, is bounded and is the same every time."""

import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.inspection.bank import Patches, farthest_first


def rows(seed, count, size=6):
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


def farthest(points, chosen):
    """Return how far the worst covered point is from the chosen ones."""
    distances = np.linalg.norm(points[:, None] - chosen[None], axis=2)
    return distances.min(axis=1).max()


def test_a_small_bank_keeps_every_row_in_order():
    pictures = [[rows(i, 5), rows(10 + i, 2, 3)] for i in range(3)]
    bank = Patches(pictures, 100).bank()
    assert bank.rows == (15, 6)
    np.testing.assert_array_equal(bank.levels[0], np.concatenate([p[0] for p in pictures]))
    assert bank.nbytes == 15 * 6 * 4 + 6 * 3 * 4


def test_a_bank_is_bounded_and_deterministic():
    pictures = [[rows(i, 200)] for i in range(6)]
    first, second = (Patches(pictures, 50).bank() for _ in range(2))
    assert first.rows == (50,) and first.levels[0].dtype == np.float32
    np.testing.assert_array_equal(first.levels[0], second.levels[0])


def test_the_core_set_covers_better_than_chance_and_keeps_the_rare():
    points = np.concatenate([rows(0, 2000) * 0.05, rows(1, 3) + 9.0])
    chosen = points[farthest_first(points, 20)]
    by_chance = points[np.random.default_rng(0).choice(len(points), 20, replace=False)]
    assert farthest(points, chosen) < 0.5 * farthest(points, by_chance)
    assert (chosen > 4.0).all(axis=1).sum() == 3, 'the three rare rows are all kept'


def test_the_two_steps_cover_nearly_as_one():
    pictures = [rows(i, 300, 4) for i in range(8)]
    every = np.concatenate(pictures)
    two = Patches([[one] for one in pictures], 100).bank().levels[0]
    assert farthest(every, two) < 1.6 * farthest(every, every[farthest_first(every, 100)])


def test_the_same_row_is_not_taken_twice():
    points = np.repeat(rows(0, 3), 40, axis=0)
    assert len(farthest_first(points, 50)) == 3


def test_wide_rows_are_chosen_in_a_projection():
    points = np.zeros((500, 300), np.float32)
    points[np.arange(500), np.arange(500) % 3] = 1.0
    points[77, 5] = 7.0
    assert 77 in farthest_first(points, 4)
    assert {i % 3 for i in farthest_first(points, 4) if i != 77} == {0, 1, 2}


def test_a_bank_that_leaves_one_out_knows_nothing_of_it():
    pictures = [[np.full((4, 2), i, np.float32) + rows(i, 4, 2) * 0.01] for i in range(3)]
    bank = Patches(pictures, 100).bank(without=1)
    assert bank.rows == (8,)
    assert not ((bank.levels[0] > 0.5) & (bank.levels[0] < 1.5)).any()


def test_nothing_makes_no_bank():
    with pytest.raises(SettingError, match='at least one reference'):
        Patches([])
    with pytest.raises(SettingError, match='only one was left out'):
        Patches([[rows(0, 4)]]).bank(without=0)
    with pytest.raises(SettingError, match='at least one row'):
        Patches([[rows(0, 4)]], 0)
