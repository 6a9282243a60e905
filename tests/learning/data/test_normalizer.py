"""The normaliser: exact, reversible, never dividing by nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adapt_learning.data import Normalizer
from adapt_learning.errors import DatasetError, SettingError

tables = hnp.arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 6)),
                    elements=st.floats(-1e3, 1e3, width=32))


@given(tables)
def test_there_and_back(data):
    normalizer = Normalizer.fit(data, clip=1e6)
    back = normalizer.denormalize(normalizer.normalize(data))
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, data, rtol=1e-4, atol=1e-3)


@given(tables)
def test_survives_storage(data):
    normalizer = Normalizer.fit(data, clip=3.3)
    assert Normalizer.from_arrays(normalizer.to_arrays('observation'), 'observation') == normalizer


@given(tables)
def test_never_leaves_the_clip(data):
    scaled = Normalizer.fit(data[:1], clip=2.0).normalize(data)
    assert np.isfinite(scaled).all() and np.abs(scaled).max() <= 2.0


def test_fit_gives_zero_mean_and_unit_spread():
    data = np.random.default_rng(0).normal([5.0, -3.0], [0.1, 40.0], size=(1000, 2))
    scaled = Normalizer.fit(data).normalize(data)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-4)


def test_a_constant_column_is_kept_and_not_divided_by_zero():
    data = np.array([[0.57, 1.0], [0.57, 2.0]])
    normalizer = Normalizer.fit(data)
    assert normalizer.std[0] == 1.0
    np.testing.assert_array_equal(normalizer.normalize(data)[:, 0], 0)


def test_works_on_single_vectors_and_stacks():
    normalizer = Normalizer.identity(3)
    assert normalizer.normalize(np.ones(3)).shape == (3,)
    assert normalizer.normalize(np.ones((2, 5, 3))).shape == (2, 5, 3)


def test_is_frozen():
    normalizer = Normalizer.identity(2)
    with pytest.raises(ValueError, match='read-only'):
        normalizer.mean[0] = 1.0


@pytest.mark.parametrize('mean, std, clip', [
    ([0.0], [1.0, 1.0], 10), ([], [], 10), ([[0.0]], [[1.0]], 10), ([np.nan], [1.0], 10),
    ([0.0], [-1.0], 10), ([0.0], [1.0], 0), ([0.0], [1.0], np.inf),
])
def test_refuses_what_makes_no_sense(mean, std, clip):
    with pytest.raises(SettingError):
        Normalizer(np.array(mean), np.array(std), clip)


def test_names_the_columns_that_are_not_finite():
    data = np.zeros((4, 3))
    data[2, 1] = np.nan
    with pytest.raises(DatasetError, match=r'columns \[1\]'):
        Normalizer.fit(data)


def test_refuses_the_wrong_width_and_missing_arrays():
    normalizer = Normalizer.identity(3)
    with pytest.raises(SettingError, match=r'\[\.\.\., 3\]'):
        normalizer.normalize(np.zeros((2, 4)))
    with pytest.raises(SettingError, match='action.std'):
        Normalizer.from_arrays({'action.mean': np.zeros(1), 'action.clip': np.ones(1)}, 'action')


@pytest.mark.filterwarnings('error')
def test_what_is_too_far_for_float32_is_clipped_without_a_warning():
    normalizer = Normalizer(np.zeros(2), np.full(2, 1e-3))
    np.testing.assert_array_equal(normalizer.normalize([[3e38, -3e38]]), [[10, -10]])
