"""Numbers of a cell."""

import pytest

from adapt_learning.benchmarks.cells import Cell, ReturnCell


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


def test_returns_have_the_same_numbers_as_rates():
    result = {'seeds': [0, 1], 'returns': [[1.0, 3.0], [4.0, 6.0]], 'successes': [0, 1],
              'episodes': 2}
    cell = ReturnCell.from_result(result)
    assert cell.values == (2.0, 5.0) and cell.mean == 3.5 and cell.episodes == 2
    low, high = cell.interval
    assert low == pytest.approx(3.5 - 12.706 * 1.5, abs=1e-2) and low + high == pytest.approx(7.0)
    low, high = cell.pooled_interval
    assert low < 3.5 < high and str(cell) == '3.5 ± 2.1 (2/5)'
    assert cell.gain(ReturnCell((0, 1), ((1.0,), (1.0,)))).per_seed == (1.0, 4.0)
    assert Cell.from_result(result).values == (0.0, 50.0)
