"""Folders of pictures: the layout of MVTec-AD (BTAD's names, too), and flat folders of good ones.

Pictures are read when they are asked for. Arrays are RGB, or grey [h, w]; 8 or 16 bit as stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from adapt_learning.errors import DatasetError
from adapt_learning.inspection.pictures import SUFFIXES, read_picture

GOOD, DEFECTIVE = 0, 1
_GOOD_NAMES = ('good', 'ok')


@dataclass(frozen=True)
class Sample:
    """One picture of a folder."""

    path: Path
    name: str
    """Within its domain, e.g. `test/scratch/003.png`."""
    label: int
    """GOOD or DEFECTIVE."""
    kind: str
    """Folder: `good`, `scratch`, ..."""
    mask_path: Path | None = None

    def picture(self) -> np.ndarray:
        """Return the picture as stored; PictureError where it is no whole picture."""
        return read_picture(self.path)

    def mask(self, size: tuple[int, int] | None = None) -> np.ndarray | None:
        """
        Return uint8 [h, w] of 0 and 255, resized to `size` (h, w) if given; None: not known.

        A good picture without a size has to be read for its mask of zeros. DatasetError for a mask
        that has another size than its picture.
        """
        if self.label == DEFECTIVE and self.mask_path is None:
            return None
        if self.label == GOOD:
            return np.zeros(size or self.picture().shape[:2], np.uint8)
        drawn = read_picture(self.mask_path)
        drawn = drawn if drawn.ndim == 2 else drawn.max(-1)
        shape = self.picture().shape[:2]
        if drawn.shape != shape:
            raise DatasetError(f'a mask has the size of its picture; {self.mask_path} has '
                               f'{_size(drawn.shape)}, {self.path.name} has {_size(shape)}: '
                               'draw it anew, or remove it to be judged by labels alone')
        drawn = np.where(drawn > 0, np.uint8(255), np.uint8(0))
        if size is not None and drawn.shape != tuple(size):
            drawn = _fitted(drawn, size)
        return drawn


@dataclass(frozen=True)
class Domain:
    """One surface: what is good, what is to be judged, and what was left out."""

    name: str
    folder: Path
    train: tuple[Sample, ...]
    """Good pictures to learn or take references from."""
    test: tuple[Sample, ...]
    skipped: tuple[str, ...] = ()
    """Files that are no pictures, by their names within the folder."""

    @property
    def without_mask(self) -> tuple[str, ...]:
        """Names of the defective pictures whose place of the defect is not known."""
        return tuple(sample.name for sample in self.test
                     if sample.label == DEFECTIVE and sample.mask_path is None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of defects in the test pictures."""
        return tuple(dict.fromkeys(s.kind for s in self.test if s.label == DEFECTIVE))


def is_domain(folder: Path) -> bool:
    """Return whether a folder has good pictures where MVTec-AD or BTAD has them."""
    return any((folder / 'train' / good).is_dir() for good in _GOOD_NAMES)


def load_domain(folder: str | Path) -> Domain:
    """
    Return the samples of a folder with train/good, test/<kind>, ground_truth/<kind>.

    BTAD's names (train/ok, test/ok, test/ko, ground_truth/ko) are known, too. DatasetError where
    there is no such folder or no picture in train.
    """
    folder = _folder(folder)
    if not is_domain(folder):
        raise DatasetError(f'{folder} is not laid out like MVTec-AD: it has neither train/good nor '
                           f'train/ok; there is {_listed(folder)}. For a folder of good pictures '
                           'alone use the flat layout')
    skipped: list[str] = []
    train = [Sample(path, _name(folder, path), GOOD, 'good') for good in _GOOD_NAMES
             for path in _pictures(folder / 'train' / good, folder, skipped)]
    if not train:
        raise DatasetError(f'{folder}/train has no picture ({", ".join(SUFFIXES)}); '
                           + _instead(skipped))
    test = []
    kinds = sorted(path for path in (folder / 'test').glob('*') if path.is_dir())
    for kind in kinds:
        good = kind.name in _GOOD_NAMES
        masks = {} if good else _masks(folder / 'ground_truth' / kind.name)
        test += [Sample(path, _name(folder, path), GOOD if good else DEFECTIVE,
                        'good' if good else kind.name,
                        masks.get(f'{path.stem}_mask', masks.get(path.stem)))
                 for path in _pictures(kind, folder, skipped)]
    return Domain(folder.name, folder, tuple(train), tuple(test), tuple(skipped))


def load_domains(parent: str | Path) -> tuple[Domain, ...]:
    """Return the domain that a folder is, or those that it holds, by name; DatasetError if none."""
    parent = _folder(parent)
    if is_domain(parent):
        return (load_domain(parent),)
    found = [path for path in sorted(parent.iterdir()) if path.is_dir() and is_domain(path)]
    if not found:
        raise DatasetError(f'{parent} holds no surface: no folder in it has train/good or '
                           f'train/ok; there is {_listed(parent)}')
    return tuple(load_domain(path) for path in found)


def load_flat(folder: str | Path) -> Domain:
    """Return a folder of good pictures as a domain without tests; DatasetError if it has none."""
    folder = _folder(folder)
    skipped: list[str] = []
    train = tuple(Sample(path, path.name, GOOD, 'good')
                  for path in _pictures(folder, folder, skipped))
    if not train:
        raise DatasetError(f'{folder} has no picture ({", ".join(SUFFIXES)}); '
                           + _instead(skipped))
    return Domain(folder.name, folder, train, (), tuple(skipped))


def _pictures(folder: Path, root: Path, skipped: list[str]) -> Iterator[Path]:
    """Yield the pictures of a folder by name; what is none is added to `skipped`."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith('.') or path.is_dir():
            continue
        if path.suffix.lower() in SUFFIXES and cv2.haveImageReader(str(path)):
            yield path
        else:
            skipped.append(_name(root, path))


def _masks(folder: Path) -> dict[str, Path]:
    """Return {name without suffix: path} of the masks of one kind."""
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in sorted(folder.iterdir())
            if path.suffix.lower() in SUFFIXES}


def _fitted(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a mask of another size; a pixel counts when half of it is marked."""
    share = cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    made = np.where(share > 127, np.uint8(255), np.uint8(0))
    if mask.any() and not made.any():  # a fine scratch must not vanish
        made = np.where(share >= share.max(), np.uint8(255), np.uint8(0))
    return made


def _folder(folder: str | Path) -> Path:
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise DatasetError(f'{folder} is {"a file" if folder.exists() else "not there"}; give a '
                           'folder of pictures')
    return folder


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _listed(folder: Path) -> str:
    names = sorted(path.name + '/' * path.is_dir() for path in folder.iterdir())
    return ', '.join(names[:8]) + ', ...' * (len(names) > 8) if names else 'nothing'


def _instead(skipped: list[str]) -> str:
    if not skipped:
        return 'it is empty: put good pictures there'
    return (f'{len(skipped)} files there are none ({", ".join(skipped[:5])}): put good pictures '
            'there')


def _size(shape: tuple[int, ...]) -> str:
    return f'{shape[1]} x {shape[0]} px'
