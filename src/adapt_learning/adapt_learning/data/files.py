"""Files that are either whole or not there."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


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


def publish_folder(temporary: Path, folder: Path) -> None:
    """Rename a finished folder into place; `folder` must be absent or empty."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    os.replace(temporary, folder)  # rename(2) replaces an empty folder and refuses a filled one
    _sync(folder.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
