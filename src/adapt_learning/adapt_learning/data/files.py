"""Files that are either whole or not there."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapt_learning.errors import DatasetError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """
    Call `write` with a temporary neighbour of `path`, then rename it to `path`.

    A kill or a power cut at any moment leaves the old file or the new one, never half of one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        write(temporary)
        _sync(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically; NaN and infinity are refused (they are not JSON)."""
    text = json.dumps(value, indent=2, allow_nan=False) + '\n'
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding='utf-8'))


def read_json(path: Path, mend: str = 'restore it from a copy or make it again') -> dict[str, Any]:
    """Read a JSON object; DatasetError says which file is missing or damaged, and `mend`."""
    try:
        value = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise DatasetError(f'{path} cannot be read: {error.strerror}; {mend}') from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f'{path} is truncated or damaged ({error}); {mend}') from error
    if not isinstance(value, dict):
        raise DatasetError(f'{path} holds a {type(value).__name__}, not a JSON object; {mend}')
    return value


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """
    Make a folder, if it is not there, and keep other processes from writing into it.

    The lock ends with the process, however it ends, and leaves no file. Raises DatasetError where
    another process holds it, or where a file has this name.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise DatasetError(f'{folder} is where unfinished work would go, and it is no folder: '
                           'remove it, or give the output another name')
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatasetError(f'{folder} is being written by another process: wait for it, or '
                               'choose another folder') from error
        yield
    finally:
        os.close(handle)


def empty_folder(folder: Path) -> None:
    """Remove everything in a folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def publish_folder(temporary: Path, folder: Path) -> None:
    """Rename a finished folder into place; `folder` must be absent or empty."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    here = folder.is_dir() and os.path.samefile(folder, os.curdir)
    os.replace(temporary, folder)  # rename(2) replaces an empty folder and refuses a filled one
    if here:  # what this process stood in is gone; relative names shall still work
        os.chdir(folder)
    _sync(folder.parent)


def replace_folder(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`; the old one is gone only when the new one stands."""
    if not folder.exists():
        new.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f'.{folder.name}.old-', dir=folder.parent))
    folder.rename(old)  # onto an empty folder
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def sha256_by_name(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of the contents of files, by name."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
