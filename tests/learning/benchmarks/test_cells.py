"""Numbers of a cell."""

import pytest

from adapt_learning.benchmarks.cells import Cell


def test_mean_std_and_pooled_interval():
    cell = Cell((0, 1, 2), (90, 96, 99), 100)
    assert cell.mean == pytest.approx(95.0) and cell.std == pytest.approx(4.583, abs=1e-3)
    assert cell.pooled.successes == 285 and cell.pooled.episodes == 300
    assert cell.pooled.low < 0.95 < cell.pooled.high
    assert str(cell) == '95.0 ± 4.6 (90/96/99)'
    assert cell.as_dict()['per_seed'] == [90.0, 96.0, 99.0]


def test_one_seed_has_no_spread():
    cell = Cell((7,), (19,), 20)
    assert cell.std is None and cell.as_dict()['std'] is None and str(cell) == '95.0 (95)'


def test_gain_is_seed_by_seed():
    gain = Cell((0, 1), (90, 80), 100).gain(Cell((0, 1), (88, 84), 100))
    assert gain.per_seed == (2.0, -4.0) and str(gain) == '-1.0 ± 4.2'
