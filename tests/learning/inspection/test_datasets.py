"""Folders of pictures: layouts, what is left out, what is refused."""

import cv2
import numpy as np
import pytest

from adapt_learning.errors import DatasetError
from adapt_learning.inspection.datasets import (
    DEFECTIVE,
    GOOD,
    load_domain,
    load_domains,
    load_flat,
)
from adapt_learning.surfaces import Surface, write_surface


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """Return a folder with two surfaces."""
    folder = tmp_path_factory.mktemp('surfaces')
    for family in ('wood', 'knit'):
        surface = Surface(family, 1, 64, kinds=('hole', 'stain'))
        write_surface(surface, folder / surface.name, 3, 2, 4)
    return folder


def save(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)
    return path


@pytest.fixture
def btad(tmp_path):
    """Return a folder with the names of BTAD."""
    rng = np.random.default_rng(0)
    for place, names in (('train/ok', '01'), ('test/ok', '2'), ('test/ko', '34')):
        for name in names:
            save(tmp_path / f'02/{place}/000{name}.bmp', rng.integers(
                256, size=(20, 30, 3), dtype=np.uint8))
    mask = np.zeros((20, 30), np.uint8)
    mask[2:9, 3:5] = 255
    save(tmp_path / '02/ground_truth/ko/0003.png', mask)
    return tmp_path / '02'


def test_the_folders_that_surfaces_write(written):
    knit, wood = load_domains(written)
    assert (knit.name, wood.name) == ('knit_1', 'wood_1')
    surface = Surface('wood', 1, 64, kinds=('hole', 'stain'))
    assert len(wood.train) == 3 and {s.label for s in wood.train} == {GOOD}
    assert [s.name for s in wood.test] == [
        'test/good/000.png', 'test/good/001.png', 'test/hole/000.png', 'test/hole/001.png',
        'test/stain/000.png', 'test/stain/001.png']
    assert [s.label for s in wood.test] == [GOOD] * 2 + [DEFECTIVE] * 4
    assert wood.kinds == ('hole', 'stain') and wood.without_mask == () and wood.skipped == ()
    np.testing.assert_array_equal(wood.train[1].picture(), surface.good(1))
    drawn = surface.defective(1, 'stain')
    np.testing.assert_array_equal(wood.test[4].picture(), drawn.picture)
    np.testing.assert_array_equal(wood.test[4].mask(), drawn.mask)
    assert wood.test[0].mask().shape == (64, 64) and not wood.test[0].mask().any()
    assert wood.test[0].mask((5, 7)).shape == (5, 7)
    assert load_domains(written / 'wood_1') == (wood,)


def test_the_names_of_btad(btad):
    domain = load_domain(btad)
    assert [s.kind for s in domain.test] == ['ko', 'ko', 'good']
    assert [s.label for s in domain.test] == [DEFECTIVE, DEFECTIVE, GOOD]
    assert domain.test[0].mask().sum() == 255 * 14
    assert domain.without_mask == ('test/ko/0004.bmp',) and domain.test[1].mask() is None


def test_real_surfaces(repository_data):
    domains = {domain.name: domain for domain in load_domains(repository_data)}
    assert {'ball_screw', 'circuit_board', 'commutator', 'solar_cell'} <= set(domains)
    assert len(domains['ball_screw'].train) == 120
    assert len(domains['solar_cell'].without_mask) == sum(
        s.label == DEFECTIVE for s in domains['solar_cell'].test) > 0
    odd = next(s for s in domains['commutator'].test if s.label == DEFECTIVE)
    assert odd.mask().shape == odd.picture().shape[:2] and odd.mask().any()


@pytest.fixture
def repository_data():
    """Return the folder of real surfaces beside a checkout, or skip."""
    from pathlib import Path
    for parent in Path(__file__).resolve().parents:
        folder = parent / 'shared/data/surfaces'
        if folder.is_dir():
            return folder
    pytest.skip('no shared/data/surfaces beside this checkout')


def test_masks_of_another_resolution_keep_what_is_fine(tmp_path):
    mask = np.zeros((64, 64), np.uint8)
    mask[10, 5:9] = 255
    save(tmp_path / 'test/scratch/a.png', np.full((64, 64), 9, np.uint8))
    save(tmp_path / 'ground_truth/scratch/a_mask.png', mask)
    save(tmp_path / 'train/good/a.png', mask)
    sample, = load_domain(tmp_path).test
    small = sample.mask((16, 16))
    assert small.shape == (16, 16) and small.any() and small.mean() < 10
    assert set(np.unique(sample.mask((128, 128)))) == {0, 255}


def test_a_mask_of_another_size_is_refused_when_it_is_read(btad):
    save(btad / 'ground_truth/ko/0003.png', np.zeros((20, 31), np.uint8))
    domain = load_domain(btad)
    with pytest.raises(DatasetError, match=r'0003.png has 31 x 20 px, 0003.bmp has 30 x 20 px'):
        domain.test[0].mask()


def test_what_is_no_picture_is_left_out_and_named(btad):
    (btad / 'train/ok/notes.txt').write_text('x')
    (btad / 'train/ok/.DS_Store').write_text('x')
    (btad / 'test/ko/text.png').write_text('no picture at all')
    (btad / 'test/ko/empty.png').write_bytes(b'')
    (btad / 'test/ko/deeper').mkdir()
    domain = load_domain(btad)
    assert domain.skipped == ('train/ok/notes.txt', 'test/ko/empty.png', 'test/ko/text.png')
    assert len(domain.train) == 2 and len(domain.test) == 3


def test_a_flat_folder(tmp_path):
    for name in ('b.png', 'a.JPG', 'c.tif'):
        save(tmp_path / name, np.full((8, 9, 3), 7, np.uint8))
    (tmp_path / 'readme.md').write_text('x')
    domain = load_flat(tmp_path)
    assert [s.name for s in domain.train] == ['a.JPG', 'b.png', 'c.tif']
    assert domain.test == () and domain.skipped == ('readme.md',)


def test_folders_without_pictures_say_what_there_is(tmp_path):
    for load in (load_domain, load_domains, load_flat):
        with pytest.raises(DatasetError, match='is not there; give a folder'):
            load(tmp_path / 'gone')
    with pytest.raises(DatasetError, match='holds no surface.*there is nothing'):
        load_domains(tmp_path)
    with pytest.raises(DatasetError, match='has no picture.*it is empty'):
        load_flat(tmp_path)
    (tmp_path / 'a.txt').write_text('x')
    with pytest.raises(DatasetError, match=r'1 files there are none \(a.txt\)'):
        load_flat(tmp_path)
    with pytest.raises(DatasetError, match='neither train/good nor train/ok; there is a.txt'):
        load_domain(tmp_path)
    (tmp_path / 'train/good').mkdir(parents=True)
    with pytest.raises(DatasetError, match='train has no picture'):
        load_domains(tmp_path)
