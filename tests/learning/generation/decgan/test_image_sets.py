"""Pictures with attributes: what is read, and what is refused."""

import gzip
import struct

import numpy as np
import pytest

from adapt_learning.errors import CatalogError, DatasetError, SettingError
from adapt_learning.generation.decgan.image_set import ImageSet, Pictures
from adapt_learning.generation.decgan.image_sets import load_image_set
from adapt_learning.generation.decgan.mnist import padded, read_idx

FILES = ('train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte',
         't10k-labels-idx1-ubyte')


def idx(values):
    values = np.asarray(values, np.uint8)
    return (bytes((0, 0, 8, values.ndim)) + struct.pack(f'>{values.ndim}I', *values.shape)
            + values.tobytes())


@pytest.fixture
def mnist(tmp_path):
    """Return a folder with twelve pictures of three classes and four to test on."""
    rng = np.random.default_rng(0)
    for name, count in zip(FILES, (12, 12, 4, 4), strict=True):
        pictures = rng.integers(0, 256, (count, 28, 28))
        (tmp_path / name).write_bytes(idx(pictures if 'images' in name else np.arange(count) % 3))
    return tmp_path


def test_mnist_is_read_packed_or_not_and_padded(mnist):
    plain = load_image_set(f'mnist:{mnist}')
    assert plain.shape == (1, 32) and len(plain.train) == 12 and len(plain.test) == 4
    assert plain.classes['digit'] == ('0', '1', '2')
    assert plain.train.images[:, :2].max() == 0 and plain.train.images[:, 2:30].max() > 200
    for name in FILES:
        (mnist / f'{name}.gz').write_bytes(gzip.compress((mnist / name).read_bytes()))
        (mnist / name).unlink()
    packed = load_image_set(f'mnist:{mnist}')
    assert packed.content_hash == plain.content_hash
    assert (packed.train.images == plain.train.images).all()


def test_broken_idx_files_are_refused(mnist):
    path = mnist / FILES[0]
    whole = path.read_bytes()
    packed = gzip.compress(whole)
    for content, words in ((whole[:-1], 'truncated'), (whole[:10], 'truncated'), (b'', 'nothing'),
                           (packed[:-9], 'unpacked'), (packed[:60] + b'x' + packed[61:], 'unpack'),
                           (b'PK' + whole, 'another file')):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=words):
            load_image_set(f'mnist:{mnist}')
    with pytest.raises(DatasetError, match='1 dimensions'):
        path.write_bytes(whole)
        read_idx(path, 1)


def test_missing_labels_one_class_and_wrong_folders_are_refused(mnist):
    (mnist / FILES[1]).write_bytes(idx(np.zeros(12)))
    with pytest.raises(DatasetError, match='two classes or more'):
        load_image_set(f'mnist:{mnist}')
    (mnist / FILES[1]).write_bytes(idx(np.arange(11) % 3))
    with pytest.raises(DatasetError, match='12 pictures and 11 labels'):
        load_image_set(f'mnist:{mnist}')
    (mnist / FILES[1]).unlink()
    with pytest.raises(DatasetError, match='train-labels.*missing'):
        load_image_set(f'mnist:{mnist}')
    for wrong in ('mnist', f'mnist:{mnist}/nowhere'):
        with pytest.raises(SettingError, match='no folder'):
            load_image_set(wrong)
    with pytest.raises(CatalogError, match='digits'):
        load_image_set('digit')


def test_digits_need_nothing():
    digits = load_image_set('digits')
    assert digits.shape == (1, 16) and len(digits.train) + len(digits.test) == 1797
    assert set(np.unique(digits.test.labels['digit'])) == set(range(10))
    with pytest.raises(SettingError, match='nothing behind'):
        load_image_set('digits:x')
    with pytest.raises(SettingError, match='digit'):
        digits.check_attribute('pose')


def test_pictures_of_other_sizes_are_refused():
    for shape in ((3, 28, 28, 1), (3, 16, 24, 1), (3, 16, 16, 2), (3, 8, 8, 1), (3, 16, 16)):
        with pytest.raises(DatasetError, match='multiple of 8'):
            Pictures(np.zeros(shape, np.uint8), {})
    small, large = (Pictures(np.zeros((2, n, n, 1), np.uint8), {'a': np.arange(2)})
                    for n in (16, 24))
    with pytest.raises(DatasetError, match='one size'):
        ImageSet('x', small, large, {'a': ('0', '1')}, 'a')
    assert padded(np.zeros((1, 10, 20), np.uint8)).shape == (1, 24, 24)
