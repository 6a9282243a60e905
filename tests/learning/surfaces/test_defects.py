"""Every defect on every family: the mask marks what changed, and it can be seen."""

import cv2
import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.surfaces import Surface, load, names, rng_of
from adapt_learning.surfaces.defects.base import (
    LARGEST_AREA,
    LEAST_AREA,
    LEAST_CHANGE,
    VISIBLE,
    Defect,
)

DEFECTS, SIZE = names('defect'), 128


@pytest.fixture(scope='module')
def grounds():
    """Return a good picture of every family."""
    return {family: Surface(family, 7, SIZE).good(0) for family in names('family')}


def change(before, after):
    return cv2.absdiff(before, after).max(-1)


def test_there_are_many_defects():
    assert len(DEFECTS) >= 8


@pytest.mark.parametrize('kind', DEFECTS)
def test_a_defect_changes_what_its_mask_marks_and_nothing_else(kind, grounds):
    defect = load('defect', kind)()
    for k, (family, picture) in enumerate(grounds.items()):
        kept = picture.copy()
        after, mask = defect.apply(picture, rng_of(kind, family), (k % 5) / 4)
        np.testing.assert_array_equal(picture, kept, err_msg='the picture was written to')
        assert after.shape == picture.shape and after.dtype == np.uint8
        assert mask.shape == (SIZE, SIZE) and mask.dtype == np.uint8
        assert set(np.unique(mask)) == {0, 255}
        inside, changed = mask > 0, change(picture, after)
        assert not changed[~inside].any(), (kind, family)
        assert LEAST_AREA <= inside.mean() <= LARGEST_AREA, (kind, family)
        assert changed[inside].mean() >= LEAST_CHANGE, (kind, family)
        assert (changed[inside] >= VISIBLE).mean() > 0.5, (kind, family)


@pytest.mark.parametrize('kind', DEFECTS)
def test_the_same_seed_gives_the_same_defect_and_another_one_another(kind, grounds):
    defect, picture = load('defect', kind)(), grounds['paper']
    first, second, other = (defect.apply(picture, rng_of(kind, seed), 0.5) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (first[1] != other[1]).any()


@pytest.mark.parametrize('kind', DEFECTS)
def test_strength_makes_defects_larger_and_clearer(kind, grounds):
    defect = load('defect', kind)()

    def mean_of(strength):
        drawn = []
        for family in ('paper', 'brushed_metal', 'leather', 'plain_weave', 'coating', 'wood'):
            for seed in range(3):
                after, mask = defect.apply(grounds[family], rng_of(kind, family, seed), strength)
                inside = mask > 0
                drawn.append((inside.mean(), change(grounds[family], after).sum() / mask.size))
        return np.mean(drawn, axis=0)

    faint, clear = mean_of(0.0), mean_of(1.0)
    assert (clear > 1.5 * faint).all()
    assert faint[0] < 0.02


def test_a_monochrome_picture_stays_monochrome():
    grey = np.repeat(Surface('concrete', 3, SIZE).good(0).mean(-1, keepdims=True).astype(
        np.uint8), 3, -1)
    for kind in DEFECTS:
        after, _ = load('defect', kind)().apply(grey, rng_of(kind), 0.8)
        assert (after[..., :1] == after).all()


@pytest.mark.parametrize('level', [0, 3, 128, 252, 255])
def test_defects_are_seen_on_even_grounds_too(level):
    picture = np.full((96, 128, 3), level, np.uint8)
    for kind in DEFECTS:
        after, mask = load('defect', kind)().apply(picture, rng_of(kind, level), 0.6)
        assert change(picture, after)[mask > 0].mean() >= 5, kind


def test_pictures_need_not_be_square(grounds):
    picture = np.ascontiguousarray(grounds['granite'][:64])
    for kind in DEFECTS:
        _, mask = load('defect', kind)().apply(picture, rng_of(kind), 0.5)
        assert mask.shape == (64, SIZE) and mask.any()


@pytest.mark.parametrize('picture', [
    np.zeros((64, 64), np.uint8), np.zeros((64, 64, 4), np.uint8),
    np.zeros((64, 64, 3), np.float32), np.zeros((16, 64, 3), np.uint8), 'picture.png', None])
def test_what_is_no_picture_is_refused(picture):
    with pytest.raises(SettingError, match='a picture is uint8'):
        load('defect', 'scratch')().apply(picture, rng_of(0))


@pytest.mark.parametrize('strength', [-0.1, 1.1, float('nan')])
def test_a_strength_out_of_range_is_refused(strength, grounds):
    with pytest.raises(SettingError, match='lies in 0..1; got'):
        load('defect', 'scratch')().apply(grounds['wood'], rng_of(0), strength)


class Faint(Defect):
    """A square that can be seen from the third draw on; `largest` 0 is never seen."""

    def __init__(self, largest):
        self.largest, self.draws = largest, 0

    def paint(self, scene, rng, strength):
        self.draws += 1
        where = np.zeros(scene.shape, np.float32)
        where[10:30, 10:30] = 1
        return scene.picture + (min(5 * self.draws, self.largest) * where)[..., None], where


def test_what_cannot_be_seen_is_drawn_again():
    even = np.full((64, 64, 3), 100, np.uint8)
    defect = Faint(100)
    after, mask = defect.apply(even, rng_of(0))
    assert defect.draws == 2 and (after[20, 20] == 110).all() and mask.sum() == 255 * 400
    defect = Faint(5)  # never as clear as it should be: the clearest is taken
    after, _ = defect.apply(even, rng_of(0))
    assert defect.draws == 12 and (after[20, 20] == 105).all()
    with pytest.raises(SettingError, match='Faint finds no place on this picture'):
        Faint(0).apply(even, rng_of(0))
