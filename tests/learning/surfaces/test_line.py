"""A surface as a line sees it, and its folder."""

import json
import time

import cv2
import numpy as np
import pytest

from adapt_learning.errors import CatalogError, DatasetError, SettingError
from adapt_learning.surfaces import Surface, names, write_surface


def test_pictures_do_not_depend_on_the_order_in_which_they_are_asked_for():
    first, second = Surface('leather', 4, 64), Surface('leather', 4, 64)
    forwards = [first.good(i) for i in range(3)]
    backwards = [second.good(i) for i in (2, 1, 0)][::-1]
    np.testing.assert_array_equal(forwards, backwards)
    for a, b in zip(first.defective(1), second.defective(1), strict=True):
        np.testing.assert_array_equal(a, b)


def test_pictures_groups_and_surfaces_differ():
    surface = Surface('granite', 4, 64)
    seen = [surface.good(0), surface.good(1), surface.defective(0).picture,
            Surface('granite', 5, 64).good(0)]
    for i, one in enumerate(seen):
        for other in seen[:i]:
            assert (one != other).mean() > 0.3


def test_the_kind_is_drawn_or_given_and_lies_on_the_same_place():
    surface = Surface('wood', 1, 64)
    drawn = {surface.defective(i).kind for i in range(40)}
    assert len(drawn) > 6
    hole, stain = (surface.defective(3, kind) for kind in ('hole', 'stain'))
    assert (hole.kind, stain.kind) == ('hole', 'stain')
    outside = (hole.mask == 0) & (stain.mask == 0)
    np.testing.assert_array_equal(hole.picture[outside], stain.picture[outside])


def test_the_range_of_strengths_is_kept():
    weak, strong = (Surface('coating', 2, 128, strength=(s, s)) for s in (0.0, 1.0))
    areas = [np.mean([(line.defective(i, 'stain').mask > 0).mean() for i in range(6)])
             for line in (weak, strong)]
    assert areas[1] > 2 * areas[0]
    np.testing.assert_array_equal(weak.defective(0, 'stain', 1.0).mask,
                                  strong.defective(0, 'stain').mask)


@pytest.mark.parametrize('arguments, words', [
    (('wood', -1), 'whole number from 0 to 2^63 - 1; got -1'),
    (('wood', 1.5), 'got 1.5'), (('wood', True), 'got True'),
    (('wood', 0, 20), 'from 32 to 4096 px; got 20'),
    (('wood', 0, 64, (0.8, 0.2)), 'the lower end first; got 0.8, 0.2'),
    (('wood', 0, 64, (0, 2)), 'within 0..1'),
    (('wood', 0, 64, (0, 1), ()), 'at least one kind of defect; got none'),
])
def test_settings_out_of_range_are_refused(arguments, words):
    with pytest.raises(SettingError) as caught:
        Surface(*arguments)
    assert words in str(caught.value)


def test_wrong_names_are_refused():
    with pytest.raises(CatalogError, match="Did you mean 'wood'"):
        Surface('woood', 0)
    with pytest.raises(CatalogError, match="Did you mean 'crack'"):
        Surface('wood', 0, kinds=('crackk',))
    surface = Surface('wood', 0, 64, kinds=('crack', 'hole'))
    assert {surface.defective(i).kind for i in range(10)} == {'crack', 'hole'}
    with pytest.raises(SettingError, match="made without the defect 'stain'; it has crack, hole"):
        surface.defective(0, 'stain')
    with pytest.raises(CatalogError, match='there is no defect'):
        surface.defective(0, 'rust')
    for number in (-1, 0.5):
        with pytest.raises(SettingError, match='the number of a picture'):
            surface.good(number)


def test_a_folder_has_what_the_surface_gives(tmp_path):
    surface, said = Surface('tiles', 3, 64), []
    kinds = names('defect')
    made = write_surface(surface, tmp_path / 'tiles', 3, 2, len(kinds) + 1, said.append)
    assert said == list(range(1, 3 + 2 + len(kinds) + 2))
    assert made.defective == {kinds[0]: 2} | dict.fromkeys(kinds[1:], 1)

    def read(name, flag=cv2.IMREAD_COLOR):
        return cv2.imread(str(tmp_path / 'tiles' / name), flag)

    np.testing.assert_array_equal(read('train/good/002.png')[..., ::-1], surface.good(2))
    np.testing.assert_array_equal(read('test/good/000.png')[..., ::-1], surface.good(3))
    again = surface.defective(len(kinds), kinds[0])
    np.testing.assert_array_equal(read(f'test/{kinds[0]}/001.png')[..., ::-1], again.picture)
    np.testing.assert_array_equal(
        read(f'ground_truth/{kinds[0]}/001_mask.png', cv2.IMREAD_UNCHANGED), again.mask)
    about = json.loads((tmp_path / 'tiles/surface.json').read_text())
    assert about['family'] == 'tiles' and about['seed'] == 3 and about['train'] == 3
    assert sorted(p.name for p in (tmp_path / 'tiles').iterdir()) == [
        'ground_truth', 'surface.json', 'test', 'train']


def test_a_folder_is_never_overwritten(tmp_path):
    surface = Surface('tiles', 3, 64)
    (tmp_path / 'mine').write_text('x')
    for folder in (tmp_path, tmp_path / 'mine'):
        with pytest.raises(DatasetError, match='never overwritten'):
            write_surface(surface, folder, 1, 0, 0)
    with pytest.raises(SettingError, match='at least 1 train pictures; got 0'):
        write_surface(surface, tmp_path / 'new', 0, 1, 1)
    assert not (tmp_path / 'new').exists()


@pytest.mark.serial
def test_pictures_are_drawn_quickly():
    """About 10 ms of one core for 256 px in the mean of all families; slow cores need more."""
    lines = [Surface(family, seed) for family in names('family') for seed in range(2)]
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for line in lines:
            line.good(0)
        begin = time.process_time()
        for line in lines:
            line.good(1)
        assert (time.process_time() - begin) / len(lines) < 0.03
    finally:
        cv2.setNumThreads(threads)
