"""MNIST, or whatever else lies in idx files of the same names."""

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np

from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.generation.decgan.image_set import SIDE_STEP, ImageSet, ImageSource, Pictures

_GZIP = b'\x1f\x8b'
_BYTES = 8
"""Type code of unsigned bytes, the only one that pictures and labels need."""
_PARTS = {'train': 'train', 'test': 't10k'}


class Mnist(ImageSource):
    """Four idx files in a folder, packed by gzip or not (LeCun et al. 1998), by `mnist:DIR`."""

    @classmethod
    def load(cls, argument: str) -> ImageSet:
        """Return the pictures of the folder `argument`, padded to a side the networks take."""
        folder = Path(argument)
        if not argument or not folder.is_dir():
            raise SettingError("MNIST is given by its folder, as in 'mnist:data/mnist'; "
                               f"got '{argument or 'mnist'}', which is no folder")
        digest, parts = hashlib.sha256(), {}
        for part, prefix in _PARTS.items():
            images = read_idx(_find(folder, f'{prefix}-images-idx3-ubyte'), 3)
            labels = read_idx(_find(folder, f'{prefix}-labels-idx1-ubyte'), 1)
            digest.update(images.tobytes() + labels.tobytes())
            parts[part] = Pictures(padded(images)[..., None], {'digit': labels.astype(np.int64)})
        most = int(max(one.labels['digit'].max(initial=0) for one in parts.values()))
        return ImageSet('mnist', parts['train'], parts['test'],
                        {'digit': tuple(map(str, range(most + 1)))}, 'digit',
                        content_hash=digest.hexdigest())


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """
    Return the bytes of an idx file, uint8 with so many dimensions; packed by gzip or not.

    DatasetError for a file that is truncated, damaged or of another kind.
    """
    try:
        data = path.read_bytes()
        if data[:2] == _GZIP:
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f'{path} cannot be unpacked ({error}): it is truncated or damaged, get '
                           'it again') from error
    head = 4 + 4 * dimensions
    if len(data) < head or data[:4] != bytes((0, 0, _BYTES, dimensions)):
        raise DatasetError(f'{path} is an idx file of unsigned bytes with {dimensions} dimensions; '
                           f'it begins with {data[:4].hex() or "nothing"}: it is another file or '
                           'truncated')
    shape = tuple(np.frombuffer(data, '>u4', dimensions, 4).astype(int))
    expected = head + int(np.prod(shape))
    if len(data) != expected or 0 in shape:
        raise DatasetError(f'{path} says that it holds {list(map(int, shape))}, which is '
                           f'{expected} bytes; it has {len(data)}: it is truncated or damaged, '
                           'get it again')
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)


def padded(images: np.ndarray) -> np.ndarray:
    """Return pictures uint8 [N, h, w] with a margin of 0, square, of a side the networks take."""
    height, width = images.shape[1:]
    side = max(2 * SIDE_STEP, -(-max(height, width) // SIDE_STEP) * SIDE_STEP)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(images, ((0, 0), (top, side - height - top), (left, side - width - left)))


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f'{name}.gz'):
        if path.is_file():
            return path
    raise DatasetError(f'{folder} holds the four files of MNIST; {name} (or {name}.gz) is missing: '
                       'put it there')
