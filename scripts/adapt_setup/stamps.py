"""Which steps are done, and with what: so that a set-up can be repeated and interrupted."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from adapt_setup.errors import SetupError


class Stamp:
    """
    One step's record: `begin` before the work, `done` after it.

    A step counts as done when the stored key is the wanted one. A step that began and never ended
    has left things of unknown state; the step then starts from nothing.
    """

    def __init__(self, folder: Path, name: str):
        self._done = folder / f'{name}.done'
        self._begun = folder / f'{name}.begun'

    def is_done(self, key: str) -> bool:
        """Return True where the step ended with exactly this key."""
        return not self._begun.exists() and self.key() == key

    def key(self) -> str | None:
        """Return the key the step last ended with, None where it never did."""
        try:
            return self._done.read_text()
        except FileNotFoundError:
            return None

    def was_interrupted(self) -> bool:
        """Return True where the step began and did not end."""
        return self._begun.exists()

    def begin(self) -> None:
        """Note that the step has begun."""
        self._begun.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._begun, '')

    def done(self, key: str) -> None:
        """Note that the step ended: the key first, so that a kill in between means 'begun'."""
        write_atomically(self._done, key)
        self._begun.unlink()


def write_atomically(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    with temporary.open('w') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def key_of(*parts: str | Path) -> str:
    """Return a hash of texts and of the names and contents of files; folders count entirely."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(f'text {part}\n'.encode())
            continue
        for file in _files(part):
            digest.update(f'file {file.relative_to(part.parent)}\n'.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def names_of(folders: Iterable[Path]) -> str:
    """Return the relative names of all files in some folders, one per line."""
    return '\n'.join(
        str(file.relative_to(folder.parent)) for folder in folders for file in _files(folder)
    )


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(
        file
        for file in path.rglob('*')
        if file.is_file() and not _is_by_product(file.relative_to(path))
    )


def _is_by_product(name: Path) -> bool:
    return any(
        part == '__pycache__' or part.endswith('.egg-info') or part.startswith('.')
        for part in name.parts
    )


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Let one set-up of a checkout run at a time; a second one waits and says so."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / 'lock'
    try:
        lock = path.open('w')
    except OSError as error:
        raise SetupError(f'Cannot write {path}: {error}. Use a checkout that is yours.') from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print('[setup] another set-up of this checkout is running; waiting for it', flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
