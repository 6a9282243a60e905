"""The picture of `adapt data view`: one episode as PNG."""

from pathlib import Path

import numpy as np

from adapt_learning.data.files import write_atomically
from adapt_learning.reports.compare import SIDES, EpisodeView
from adapt_learning.reports.panels import Panel, panels

# Okabe and Ito's colours: told apart by everybody, on screen and on paper.
_COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00')
_MARK, _BEFORE = '#a40e26', '#777777'
_COLUMNS = 3


def view_picture(path: str | Path, seen: EpisodeView, name: str) -> None:
    """Write one episode as a PNG; the file appears whole."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    shown = panels(seen.contract)
    lines = -(-len(shown) // _COLUMNS)
    figure = Figure(figsize=(13.3, 2.6 * lines + 0.8), dpi=110, layout='constrained')
    FigureCanvasAgg(figure)  # without pyplot: no global state, no window, any thread
    figure.suptitle(f'{name}: {seen.title}. {seen.sentence}', fontsize=12)
    axes = list(figure.subplots(lines, _COLUMNS, squeeze=False).flat)
    for panel, part in zip(shown, axes, strict=False):
        _draw(part, panel, seen)
    for part in axes[len(shown):]:
        part.set_axis_off()
    write_atomically(Path(path).absolute(),
                     lambda temporary: figure.savefig(temporary, format='png'))


def _draw(axes, panel: Panel, seen: EpisodeView) -> None:
    part, side = ('action', SIDES[1]) if panel.is_action else ('observation', SIDES[0])
    values = getattr(seen.episode, part)[:, panel.columns]
    axes.set_title(f'{panel.title} [{panel.unit}]' if panel.unit != '1' else panel.title,
                   fontsize=10)
    if seen.source is not None:
        old = getattr(seen.source, part)[:, panel.columns]
        axes.plot(seen.source.timestamp_s, old, color=_BEFORE, linestyle='--', linewidth=0.9)
        axes.plot([], [], color=_BEFORE, linestyle='--', linewidth=0.9, label='before')
    for number, label in enumerate(panel.names):
        axes.plot(seen.episode.timestamp_s, values[:, number], label=label, linewidth=1.5,
                  color=_COLOURS[number % len(_COLOURS)])
    marks = (seen.edited if seen.restored else seen.suspected)[side]
    low, high = axes.get_ylim()
    if marks.any():
        word = 'restored' if seen.restored else 'suspected'
        axes.plot(seen.episode.timestamp_s[np.flatnonzero(marks)],
                  np.full(int(marks.sum()), high), 'v', color=_MARK, markersize=6, label=word,
                  clip_on=False)
        axes.set_ylim(low, high)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    axes.set_xlabel('s', fontsize=8)
    axes.legend(fontsize=7, ncols=2, framealpha=0.7)
