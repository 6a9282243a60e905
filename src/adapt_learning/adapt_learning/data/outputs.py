"""Where new things may be written; looked at before any work, so that none is lost."""

import os
from collections.abc import Iterable
from pathlib import Path

from adapt_learning.errors import DatasetError, SettingError

_LONGEST_NAME = 200
"""Bytes of a name: unfinished work gets a longer one, and file systems end at 255."""


def check_output(path: str | Path, inputs: Iterable[str | Path] = (), *,
                 empty_folder: bool = True) -> Path:
    """
    Return the absolute path of a folder or file that is to be made.

    Raises DatasetError where something is there (an empty folder is let pass if `empty_folder`) or
    nothing can be made there, SettingError where it would lie inside of an input.
    """
    path = Path(os.path.abspath(path))
    check_place(path)
    for source in inputs:
        check_outside(path, source, 'the output')
    refuse_overwriting(path, empty_folder=empty_folder)
    return path


def check_place(path: Path) -> None:
    """Raise DatasetError where no file or folder can be made under this name."""
    if len(os.fsencode(path.name)) > _LONGEST_NAME:
        raise DatasetError(f'a name has at most {_LONGEST_NAME} bytes here; got {path.name:.40}... '
                           f'with {len(os.fsencode(path.name))}: choose a shorter one')
    path = Path(os.path.abspath(path))
    _refuse_dangling(path)
    parent = path.parent
    while not os.path.lexists(parent):
        parent = parent.parent
    _refuse_dangling(parent)
    if not parent.is_dir():
        raise DatasetError(f'{parent} is a file, so nothing can be made below it; got {path}: '
                           'choose another place')
    if not os.access(parent, os.W_OK | os.X_OK):
        raise DatasetError(f'{parent} may not be written to by you, so {path} cannot be made: '
                           'choose another place or change the permissions')


def check_outside(path: str | Path, source: str | Path, what: str) -> None:
    """Raise SettingError where `path` is an input, lies inside of one or around it."""
    # realpath: links are followed, and a circle of links is no exception.
    made, read = Path(os.path.realpath(path)), Path(os.path.realpath(source))
    if made == read or made.is_relative_to(read) or read.is_relative_to(made):
        raise SettingError(f'{what} lies outside of the input, which is never touched; got {path} '
                           f'for {source}')


def refuse_overwriting(path: Path, *, empty_folder: bool = True) -> None:
    """Raise DatasetError where something is there already; an empty folder may be let pass."""
    if path.exists() and not (empty_folder and path.is_dir() and not any(path.iterdir())):
        raise DatasetError(f'{path} is there already and is never overwritten: choose another '
                           f'{"folder" if empty_folder else "name"} or remove it')


def _refuse_dangling(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        raise DatasetError(f'{path} is a link to {os.readlink(path)}, which does not exist: remove '
                           'the link or choose another name')
