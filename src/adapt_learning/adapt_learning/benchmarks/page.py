"""Writes what a benchmark found: JSON for programs, a page for people."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from adapt_learning.data.files import write_atomically, write_json


def store_page(folder: Path, name: str, values: Any, text: str) -> Path:
    """Write NAME.json and NAME.md into a folder, each whole or not at all; return the page."""
    write_json(folder / f'{name}.json', values)
    path = folder / f'{name}.md'
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding='utf-8'))
    return path


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Give the lines of a table, and an empty one behind it."""
    titles = list(titles)
    yield f'| {" | ".join(titles)} |'
    yield '|---' * len(titles) + '|'
    for row in rows:
        yield f'| {" | ".join(row)} |'
    yield ''
