"""The page of `adapt data view`: one episode, before and after."""

from pathlib import Path

import numpy as np

from adapt_learning.reports import page
from adapt_learning.reports.compare import SIDES, EpisodeView
from adapt_learning.reports.panels import draw_episode


def view_page(path: str | Path, seen: EpisodeView, name: str) -> None:
    """Write one episode as an HTML file; `name` is what the page calls the dataset."""
    heads, rows = seen.table()
    page.write_page(path, f'{name}: episode {seen.number}', (
        page.heading(seen.title.capitalize(), name), f'<p>{seen.sentence}</p>',
        page.section('Signals', drawing(seen), note=legend(seen)),
        page.section('Rows', page.table(heads, rows) if rows else
                     '<p>No row is suspected or changed.</p>')))


def drawing(seen: EpisodeView) -> str:
    """Return the panels of an episode as HTML."""
    marks = seen.edited if seen.restored else seen.suspected
    before = None
    if seen.source is not None:
        before = seen.source.timestamp_s, seen.source.observation, seen.source.action
    return page.figures(*draw_episode(
        seen.contract, seen.episode.timestamp_s, seen.episode.observation, seen.episode.action,
        *(np.flatnonzero(marks[side]) for side in SIDES), before,
        'restored' if seen.restored else 'suspected'))


def legend(seen: EpisodeView) -> str:
    """Return what the marks mean."""
    marks = 'restored' if seen.restored else 'suspected'
    behind = ' Dashed grey: before the restoration.' if seen.source is not None else ''
    return f'Triangles and bars mark {marks} rows.{behind}'
