"""Results kept on disk, bounded in number and in bytes: JSON lines and PNG.

000017/results.jsonl       one line per result, oldest first
000017/000017-00042.png    the frame of that result, where pictures are kept

Results go into one folder after the other; when a bound is reached the oldest folder goes as a
whole. A disk that is full or gone stops nothing: results are counted as lost, and `problem` says
why until one can be written again.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapt_learning.errors import SettingError

RESULTS = 'results.jsonl'
_PARTS = 10
"""The bounds are kept to about one part in so many."""


@dataclass
class _Part:
    """One folder of results."""

    path: Path
    count: int
    size: int


class ResultArchive:
    """
    The folder of results.

    Holds at most `most_results` results and `most_bytes` bytes at any moment; results of an
    earlier process count.
    """

    def __init__(self, folder: str | Path, most_results: int = 10_000,
                 most_bytes: int = 2_000_000_000):
        if most_results < 1 or most_bytes < 1:
            raise SettingError('an archive holds at least one result and one byte; got '
                               f'{most_results} results and {most_bytes} bytes')
        self.folder = Path(folder).expanduser()
        self.problem = ''
        """Why the last result could not be kept; empty if it was."""
        self.lost = 0
        """Results that could not be kept since the beginning."""
        self._most_results, self._most_bytes = most_results, most_bytes
        self._part_results = max(1, most_results // _PARTS)
        self._part_bytes = max(1, most_bytes // _PARTS)
        self._parts: list[_Part] = []
        self._open = False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._parts = [_measured(path) for path in _folders(self.folder)]
        except OSError as error:
            self.problem = f'the archive {self.folder} cannot be used: {error.strerror}'

    @property
    def count(self) -> int:
        """Return how many results are kept."""
        return sum(part.count for part in self._parts)

    @property
    def size(self) -> int:
        """Return how many bytes they take."""
        return sum(part.size for part in self._parts)

    def add(self, values: Mapping[str, Any], picture: bytes | None = None) -> str:
        """
        Keep a result and, if given, its frame as PNG; the oldest go where room is needed.

        `values` are what JSON can hold. Never raises for what a disk does. Returns the name of the
        picture below the folder, or ''.
        """
        try:
            return self._add(dict(values), picture)
        except OSError as error:
            self.lost += 1
            self.problem = (f'results are not kept: {self.folder}: {error.strerror or error}; make '
                            'room or give the archive another folder')
            self._open = False
            return ''

    def _add(self, values: dict[str, Any], picture: bytes | None) -> str:
        # The name of the picture is in the line, so its place is made up first.
        size = len(json.dumps(values, allow_nan=False)) + 64 + len(picture or b'')
        if size > self._most_bytes:
            raise OSError(f'one result of {size} bytes is more than the archive may hold '
                          f'({self._most_bytes})')
        part = self._part_for(size)
        name = ''
        if picture is not None:
            number = part.count
            while (part.path / f'{part.path.name}-{number:05d}.png').exists():
                number += 1
            name = f'{part.path.name}/{part.path.name}-{number:05d}.png'
            try:
                (self.folder / name).write_bytes(picture)
            except OSError:
                (self.folder / name).unlink(missing_ok=True)
                raise
            part.size += len(picture)
        line = json.dumps({**values, 'picture': name}, allow_nan=False) + '\n'
        with open(part.path / RESULTS, 'a', encoding='utf-8') as file:
            file.write(line)
        part.count += 1
        part.size += len(line)
        self.problem = ''
        return name

    def _part_for(self, size: int) -> _Part:
        """Return the folder for the next result; make room for it."""
        last = self._parts[-1] if self._parts else None
        # The last folder of an earlier process may end in half a line: it is not written on.
        if not self._open or last is None or last.count >= self._part_results \
                or last.size + size > self._part_bytes:
            number = int(last.path.name) + 1 if last else 1
            path = self.folder / f'{number:06d}'
            path.mkdir(parents=True, exist_ok=True)
            self._parts.append(_Part(path, 0, 0))
            self._open = True
        while len(self._parts) > 1 and (self.count >= self._most_results
                                        or self.size + size > self._most_bytes):
            # Somebody else may have cleaned up; then there is nothing to do.
            if self._parts[0].path.exists():
                shutil.rmtree(self._parts[0].path)
            self._parts.pop(0)
        return self._parts[-1]


def read_results(folder: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the kept results, oldest first; a line that a kill left unfinished is skipped."""
    for path in _folders(Path(folder)):
        if not (path / RESULTS).is_file():
            continue
        for line in (path / RESULTS).read_text(encoding='utf-8', errors='replace').splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value


def _folders(folder: Path) -> list[Path]:
    return sorted((path for path in folder.iterdir()
                   if path.is_dir() and path.name.isdecimal()), key=lambda path: int(path.name))


def _measured(path: Path) -> _Part:
    lines = path / RESULTS
    count = lines.read_bytes().count(b'\n') if lines.is_file() else 0
    return _Part(path, count, sum(file.stat().st_size for file in path.iterdir()))
