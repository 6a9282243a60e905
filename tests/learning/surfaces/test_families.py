"""Every family: pictures of the right form, surfaces that differ, pictures that belong together."""

import itertools
import math

import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.surfaces import load, names, rng_of
from adapt_learning.surfaces.base import Family, Style
from adapt_learning.surfaces.view import canvas_side

FAMILIES = names('family')


def pictures_of(family, surface, count, size=128):
    made = load('family', family)()
    style = made.sample(rng_of(family, surface), size)
    return [made.render(style, rng_of(family, surface, k), size) for k in range(count)]


def test_there_are_many_families():
    assert len(FAMILIES) >= 14


@pytest.mark.parametrize('family', FAMILIES)
def test_a_picture_is_rgb_and_neither_black_nor_white_nor_even(family):
    for surface in range(3):
        picture, = pictures_of(family, surface, 1)
        assert picture.shape == (128, 128, 3) and picture.dtype == np.uint8
        assert 8 < picture.mean() < 247 and picture.std() > 1.5
        assert ((picture == 0) | (picture == 255)).mean() < 0.35


@pytest.mark.parametrize('family', FAMILIES)
def test_the_same_seeds_give_the_same_picture(family):
    first, second = (pictures_of(family, 5, 2, 96) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first[0] != first[1]).mean() > 0.3  # another place of the surface


def signature(picture):
    """Return what makes a surface recognisable wherever it is seen: colour and spectrum."""
    pixels = picture.astype(np.float64)
    grey = pixels.mean(-1)
    window = np.hanning(len(grey))
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * window[:, None] * window)) ** 2
    fy = np.fft.fftfreq(len(grey))[:, None]
    fx = np.fft.rfftfreq(len(grey))[None, :]
    radius, turn = np.hypot(fy, fx), np.arctan2(fy, fx)
    rings = np.digitize(radius, np.geomspace(0.02, 0.5, 9))
    sides = (np.abs(turn) > math.pi / 4).astype(int)
    spectrum = [math.log(power[(rings == r) & (sides == s)].mean() + 1)
                for r in range(1, 9) for s in range(2)]
    return np.concatenate((pixels.mean((0, 1)) / 10, spectrum))


@pytest.mark.parametrize('family', FAMILIES)
def test_pictures_of_a_surface_are_nearer_to_each_other_than_to_another_surface(family):
    surfaces = [[signature(p) for p in pictures_of(family, s, 4)] for s in range(4)]
    within = np.mean([np.linalg.norm(a - b) for one in surfaces
                      for a, b in itertools.combinations(one, 2)])
    between = np.mean([np.linalg.norm(a - b) for one, other in itertools.combinations(surfaces, 2)
                       for a in one for b in other])
    assert within < 0.6 * between


def test_sizes_scale_a_surface_and_keep_its_look():
    made = load('family', 'plain_weave')()
    small, large = (made.sample(rng_of('x', 1), size) for size in (128, 256))
    assert large.look['pitch'] == pytest.approx(2 * small.look['pitch'])
    np.testing.assert_array_equal(small.look['warp'], large.look['warp'])


@pytest.mark.parametrize('family', FAMILIES)
def test_fields_are_single_precision(family):
    """Double precision comes in by one careless scalar and costs twice the time."""
    made = load('family', family)()
    for surface in range(4):
        style = made.sample(rng_of(family, surface), 128)
        canvas = made.paint(style.look, rng_of(surface), (64, 64))
        assert canvas.dtype == np.float32 and canvas.shape[:2] == (64, 64)
        assert np.isfinite(canvas).all()


def test_odd_and_smallest_sizes():
    for family in FAMILIES:
        assert pictures_of(family, 0, 1, 33)[0].shape == (33, 33, 3)


@pytest.mark.parametrize('size', [0, -5, 31, 5000, 64.0, '64'])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(SettingError, match='from 32 to 4096 px; got'):
        load('family', 'wood')().sample(rng_of(0), size)


class Ramp(Family):
    """A family of the test: brightness is the place in the canvas."""

    largest_tilt_deg = 45.0

    def draw(self, rng, unit):
        return {'unit': np.float64(unit)}

    def paint(self, look, rng, shape):
        self.asked = shape
        return np.full(shape, 0.5, np.float32)


def test_the_canvas_covers_a_turned_picture():
    assert canvas_side(100, 0) >= 100 and canvas_side(100, 45) >= 100 * math.sqrt(2)
    ramp = Ramp()
    style = ramp.sample(rng_of(3), 64)
    picture = ramp.render(style, rng_of(4), 64)
    assert ramp.asked[0] >= 64 and picture.shape == (64, 64, 3)
    assert abs(picture.astype(float).mean() - 128) < 25  # light, vignette and noise around 0.5


def test_scalars_of_numpy_become_those_of_python_and_a_style_cannot_be_changed():
    style = Ramp().sample(rng_of(3), 64)
    assert isinstance(style, Style) and type(style.look['unit']) is float
    with pytest.raises(TypeError):
        style.look['unit'] = 2.0


def test_some_lines_have_a_monochrome_camera():
    made = load('family', 'tiles')()
    grey = [made.sample(rng_of('tiles', k), 64).view.grey for k in range(60)]
    assert 8 < sum(grey) < 40
    style = made.sample(rng_of('tiles', grey.index(True)), 64)
    picture = made.render(style, rng_of(0), 64)
    assert (picture[..., 0] == picture[..., 1]).all() and (
        picture[..., 1] == picture[..., 2]).all()
