"""One self-contained HTML page: no network; readable on a phone, on paper, in the dark."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from adapt_learning.data.files import write_atomically
from adapt_learning.reports.style import SCRIPT, STYLE

MARKS = {'ok': '✓', 'look': '!', 'bad': '✗'}
"""Signs of the verdicts: colour is never the only signal."""


def write_page(path: str | Path, title: str, parts: Iterable[str]) -> None:
    """Write a page of a title and HTML parts; the file appears whole."""
    body = '\n'.join(parts)
    text = (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n'
            f'<body><main>\n{body}\n</main>\n<script>{SCRIPT}</script></body></html>\n')
    write_atomically(Path(path).absolute(),
                     lambda temporary: temporary.write_text(text, encoding='utf-8'))


def heading(title: str, under: str, verdict: str = '', sentence: str = '') -> str:
    """Return the head of a page: title, what it is about, the verdict and its sentence."""
    box = (f'<p class="verdict {verdict}">{badge(verdict)} {escape(sentence)}</p>'
           if verdict else '')
    return f'<header><h1>{escape(title)}</h1><p class="under">{escape(under)}</p>{box}</header>'


def badge(verdict: str) -> str:
    """Return a verdict with its sign."""
    return f'<span class="badge {verdict}">{MARKS[verdict]} {verdict}</span>'


def section(title: str, *parts: str, note: str = '', name: str = '') -> str:
    """Return a section with a heading and, under it, one line of explanation."""
    line = f'<p class="note">{escape(note)}</p>' if note else ''
    anchor = f' id="{escape(name)}"' if name else ''
    return f'<section{anchor}><h2>{escape(title)}</h2>{line}{"".join(parts)}</section>'


def cards(facts: Sequence[tuple[str, str]]) -> str:
    """Return numbers with their names, side by side."""
    items = ''.join(f'<div class="card"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
                    for name, value in facts)
    return f'<div class="cards">{items}</div>'


def bullets(lines: Iterable[str]) -> str:
    """Return a list of sentences."""
    return '<ul>' + ''.join(f'<li>{escape(line)}</li>' for line in lines) + '</ul>'


def figures(*drawn: tuple[str, str]) -> str:
    """Return drawings with captions, as many beside each other as fit."""
    items = ''.join(f'<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>'
                    for caption, svg in drawn if svg)
    return f'<div class="figures">{items}</div>' if items else ''


def table(columns: Sequence[str], rows: Iterable[Sequence[str | int | float]],
          tools: bool = False, verdicts: bool = True) -> str:
    """
    Return a table; numbers are aligned, a verdict becomes its badge.

    With `tools` it can be sorted by a click on a heading and filtered by words, and by verdicts
    where there are some.
    """
    cells = []
    for row in rows:
        verdict = next((str(value) for value in row if value in MARKS), '')
        cells.append(f'<tr data-v="{verdict}">' + ''.join(map(_cell, row)) + '</tr>')
    head = ''.join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = (f'<div class="wide"><table{" class=tools" if tools else ""}><thead><tr>{head}</tr>'
            f'</thead><tbody>{"".join(cells)}</tbody></table></div>')
    if not tools:
        return body
    buttons = ''.join(f'<button type="button" data-v="{v}">{label}</button>' for v, label in (
        ('', 'all'), *((v, f'{mark} {v}') for v, mark in MARKS.items())))
    group = f'<span role="group" aria-label="verdict">{buttons}</span>' if verdicts else ''
    return ('<div class="filter"><label>Show rows with <input type="search" '
            f'placeholder="number, word ..."></label>{group}</div>{body}')


def details(title: str, *parts: str) -> str:
    """Return a part that opens on a click."""
    return f'<details><summary>{escape(title)}</summary>{"".join(parts)}</details>'


def number(value: float | int | None) -> str:
    """Return a number as people read it."""
    if value is None or value != value:
        return '-'
    if isinstance(value, int) or float(value).is_integer() and abs(value) < 1e6:
        return f'{int(value):,}'.replace(',', ' ')
    return f'{value:.3g}'


def percent(share: float) -> str:
    """Return a share in percent."""
    return f'{100 * share:.1f} %' if share >= 0.01 or not share else f'{100 * share:.2f} %'


def _cell(value: str | int | float) -> str:
    if value in MARKS:
        rank = list(MARKS).index(str(value))
        return f'<td data-s="{rank}">{badge(str(value))}</td>'
    if isinstance(value, str):
        return f'<td>{escape(value)}</td>'
    return f'<td class="n" data-s="{value}">{number(value)}</td>'
