"""The fields that textures are made of."""

import numpy as np
import pytest

from adapt_learning.surfaces import colours, fields
from adapt_learning.surfaces.families.woven import floats
from adapt_learning.surfaces.seeds import rng_of

SHAPE = (120, 150)


@pytest.mark.parametrize('cell', [0.5, 1, 3, 15, 16, 40, (2, 60), (300, 3)])
def test_noise_has_mean_0_and_spread_near_1(cell):
    cell = cell if isinstance(cell, tuple) else (cell, cell)
    made = [fields.noise(rng_of('noise', k), SHAPE, *cell) for k in range(12)]
    assert {field.shape for field in made} == {SHAPE} and made[0].dtype == np.float32
    values = np.stack(made)
    assert abs(values.mean()) < 0.45 and 0.6 < values.std() < 1.4


def test_noise_is_as_smooth_as_its_cell_is_large():
    def rough(cell):
        field = fields.noise(rng_of(1), SHAPE, cell)
        return np.abs(np.diff(field)).mean()
    assert rough(1) > 2 * rough(4) > 4 * rough(20) > 0


def test_cells_are_nearest_points():
    part = fields.cells(rng_of(2), SHAPE, 15)
    assert part.label.shape == SHAPE and 0 <= part.label.min() <= part.label.max() < part.count
    assert part.centre.max() < 2 * 15 and part.border.min() == 0
    # In the middle of a cell, away from all borders, there is its point.
    inner = part.border > part.border.max() * 0.8
    assert part.centre[inner].mean() < part.centre.mean()
    painted = part.paint(np.arange(part.count, dtype=np.float32))
    np.testing.assert_array_equal(painted, part.label)


def test_slope_is_that_of_a_plane():
    y, x = fields.axes(SHAPE)
    plane = 2 * x + 0 * y
    assert fields.slope(plane, 0)[5:-5, 5:-5] == pytest.approx(2.0, abs=1e-4)
    assert fields.slope(plane, np.pi / 2)[5:-5, 5:-5] == pytest.approx(0.0, abs=1e-4)


def test_moved_reads_elsewhere():
    y, x = fields.axes(SHAPE)
    field = x + 100 * y
    np.testing.assert_allclose(fields.moved(field, 2, 3)[10:50, 10:50], field[12:52, 13:53],
                               rtol=1e-5)


def test_hairs_lie_in_their_direction():
    flat = fields.hairs(rng_of(3), SHAPE, 60, 40, 0.0, 0.0, 0.0)
    assert 0 <= flat.min() and 0.9 < flat.max() <= 1
    assert np.abs(np.diff(flat, axis=0)).mean() > 5 * np.abs(np.diff(flat, axis=1)).mean()


def test_words_decide_the_numbers():
    first = rng_of('wood', 1, 'good', 2).integers(1 << 30, size=4)
    np.testing.assert_array_equal(first, rng_of('wood', 1, 'good', 2).integers(1 << 30, size=4))
    # Written down once: a change of these numbers changes every surface there is.
    assert first.tolist() == [900220271, 382716075, 513527330, 1047630073]
    for other in (('wood', 1, 'good', 3), ('wood', 1, 'good', '2'), ('wood1', 'good', 2)):
        assert rng_of(*other).integers(1 << 30) != first[0]


def test_colours_plane_by_plane_are_those_of_broadcasting():
    share = rng_of(4).random((5, 6), dtype=np.float32)
    a, b = np.array([0.1, 0.2, 0.3], np.float32), np.array([0.9, 0.5, 0.0], np.float32)
    mixed = a + (b - a) * share[..., None]
    np.testing.assert_allclose(colours.mix(a, b, share), mixed, rtol=1e-5)
    np.testing.assert_allclose(colours.lit(a, share), a * share[..., None], rtol=1e-5)
    np.testing.assert_allclose(colours.lit(mixed, share), mixed * share[..., None], rtol=1e-5)
    np.testing.assert_allclose(colours.over(mixed, b, share),
                               mixed + (b - mixed) * share[..., None], rtol=1e-5)


def test_floats_of_a_weave():
    before, length = floats(np.array([1, 1, 0, 0]))
    assert before.tolist() == [0, 1, 0, 1] and length.tolist() == [2, 2, 2, 2]
    before, length = floats(np.array([1, 0, 1, 1]))  # periodic: the float goes round
    assert before.tolist() == [2, 0, 0, 1] and length.tolist() == [3, 1, 3, 3]
