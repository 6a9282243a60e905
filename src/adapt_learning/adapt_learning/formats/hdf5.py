"""HDF5 files: opened with a clear error, walked, and our own words in them."""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pydantic import ValidationError

from adapt_learning.data import DatasetFolder, Episode
from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract

ADAPT = 'adapt'
"""Attribute of the file and group of every episode: what the format has no place for."""
_HDF5_ERROR = re.compile(r"(Unable|Can't) (synchronously )?\w+")
_RESERVE = 8 * 1024 * 1024
_MAGIC = b'\x89HDF\r\n\x1a\n'


def is_hdf5(path: Path) -> bool:
    """Return whether a file begins as HDF5 files do."""
    try:
        with path.open('rb') as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open for reading; every damage is a DatasetError."""
    try:
        with h5py.File(path, 'r') as file:
            yield file
    except (OSError, KeyError, RuntimeError) as error:
        # h5py gives no class of its own; what comes from elsewhere (a full disk) is not meant.
        if getattr(error, 'errno', None) or not _HDF5_ERROR.search(str(error)):
            raise
        raise DatasetError(f'{path} cannot be read as HDF5 ({str(error).splitlines()[0]}); restore '
                           'it from a copy') from error


def keep_room(file: h5py.File, episode: Episode) -> None:
    """
    Raise OSError (no space left) before an episode for which the disk has hardly room.

    The HDF5 library itself ends the whole process when it meets a full disk while it closes.
    """
    file.flush()
    needed = _RESERVE + 4 * sum(array.nbytes for array in episode.arrays.values())
    if shutil.disk_usage(os.path.dirname(file.filename)).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), file.filename)


def number_of(name: str) -> int:
    """Return the number at the end of a name such as demo_12; -1 where there is none."""
    found = re.search(r'(\d+)$', name)
    return int(found[1]) if found else -1


def numbered(group: Mapping[str, Any], prefix: str) -> list[str]:
    """Return the names of a group that are a prefix and a number, in the order of the numbers."""
    names = [name for name in group if re.fullmatch(rf'{prefix}\d+', name)]
    return sorted(names, key=number_of)


def leaves(group: h5py.Group, prefix: str = '') -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield (name, array) of everything below a group; names are joined by /."""
    for name, item in group.items():
        if isinstance(item, h5py.Group):
            yield from leaves(item, f'{prefix}{name}/')
        elif isinstance(item, h5py.Dataset):
            yield f'{prefix}{name}', item


def is_column(array: h5py.Dataset) -> bool:
    """Return whether an array is [T] or [T, n] of numbers: no pictures, no texts."""
    return array.ndim in (1, 2) and array.dtype.kind in 'biuf'


def width(array: h5py.Dataset) -> int:
    """Return the number of elements of a column."""
    return array.shape[1] if array.ndim == 2 else 1


def text_of(value: Any) -> str:
    """Return a text attribute or dataset as str."""
    return value.decode(errors='replace') if isinstance(value, bytes) else str(value)


def say_about(dataset: DatasetFolder) -> str:
    """Return what a file says about the dataset that it was made from."""
    return json.dumps({'format': 1, 'contract': dataset.contract.model_dump(mode='json'),
                       'meta': dict(dataset.meta)}, allow_nan=False)


def read_about(path: Path, text: str | None) -> tuple[Contract | None, dict[str, Any]]:
    """Return contract and lineage that this stack left in a file; (None, {}) in others."""
    if text is None:
        return None, {}
    try:
        values = json.loads(text)
        return Contract.model_validate(values['contract']), dict(values.get('meta') or {})
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise DatasetError(f'{path}: the contract in it is damaged; export it again') from error


def store_rest(group: h5py.Group, episode: Episode) -> None:
    """Store what the format has no place for: exact times, outcome, start, task, extras."""
    rest = group.create_group(ADAPT)
    rest['time_ns'] = np.round(episode.timestamp_s * 1e9).astype(np.int64)
    rest.attrs['facts'] = json.dumps({
        'success': episode.success, 'seed': episode.seed, 'noise_level': episode.noise_level,
        'task': episode.task})
    for name, array in episode.extras.items():
        rest[f'extras/{name}'] = array


def read_rest(group: h5py.Group) -> dict[str, Any]:
    """Return what `store_rest` stored, as arguments of a Demonstration; {} in other files."""
    if ADAPT not in group or 'facts' not in group[ADAPT].attrs:
        return {}
    rest = group[ADAPT]
    extras = {name: array[()] for name, array in leaves(rest['extras'])} if 'extras' in rest else {}
    return {'timestamp_s': rest['time_ns'][()] / 1e9, 'extras': extras,
            **json.loads(text_of(rest.attrs['facts']))}
