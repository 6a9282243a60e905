"""The picture of a run: where it went, how fast it decided, how expert it looked.

Takes plain arrays, so that the in-process evaluation and the ROS evaluator draw the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adapt_learning.data.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours: told apart by everybody, on screen and on paper.
BLUE, ORANGE, GREEN, RED, GREY = '#0072B2', '#E69F00', '#009E73', '#D55E00', '#666666'
_PATH_COLOURS = (BLUE, ORANGE, '#CC79A7', '#56B4E9')


@dataclass(frozen=True)
class DrawnEpisode:
    """One episode as the picture shows it."""

    paths_m: Mapping[str, np.ndarray]
    """Name -> positions [T, 3] [m], e.g. gripper and object."""
    goal_m: np.ndarray | None = None
    """Where it had to go [3] [m]."""
    success: bool | None = None
    likeness: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Expert-likeness score per tick [T]; 1 is the warning threshold."""


def draw_run(path: str | Path, title: str, episodes: Sequence[DrawnEpisode],
             latency_s: np.ndarray, *, rate_hz: float, deadline_s: float,
             stop_ratio: float | None = None) -> None:
    """
    Draw a run into a PNG of 1600 x 1200 pixels; the file appears whole.

    `latency_s` [n] holds the time from observation to command of the ticks that asked the policy,
    `stop_ratio` is the stop threshold of the likeness score in units of the warning threshold.
    """
    figure = new_figure((13.3, 10), 120)
    figure.suptitle(title, fontsize=15)
    top, side, latency, likeness = figure.subplots(2, 2).flat
    _draw_paths(top, episodes, (0, 1), 'seen from above')
    _draw_paths(side, episodes, (1, 2), 'seen from the side')
    _draw_latency(latency, np.asarray(latency_s, dtype=np.float64), deadline_s)
    _draw_likeness(likeness, episodes, rate_hz, stop_ratio)
    save_figure(figure, path)


def new_figure(inches: tuple[float, float], dpi: int) -> 'Figure':
    """Return an empty figure; without pyplot: no global state, no window, any thread."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=inches, dpi=dpi, layout='constrained')
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: 'Figure', path: str | Path) -> None:
    """Write a figure as PNG; the file appears whole."""
    write_atomically(Path(path).absolute(),
                     lambda temporary: figure.savefig(temporary, format='png'))


def _draw_paths(axes, episodes: Sequence[DrawnEpisode], plane: tuple[int, int], view: str) -> None:
    axes.set_title(f'Trajectories, {view}')
    axes.set_xlabel(f'{"xyz"[plane[0]]} [m]')
    axes.set_ylabel(f'{"xyz"[plane[1]]} [m]')
    axes.set_aspect('equal', adjustable='datalim')
    axes.grid(alpha=0.25)
    width = 1.6 if len(episodes) <= 5 else 0.9
    for number, episode in enumerate(episodes):
        for (name, points), colour in zip(episode.paths_m.items(), _PATH_COLOURS, strict=False):
            points = np.asarray(points)[:, plane]
            label = name if number == 0 else None
            axes.plot(*points.T, color=colour, linewidth=width, alpha=0.75, label=label)
            axes.plot(*points[0], 'o', color=colour, markersize=4, alpha=0.75)
        if episode.goal_m is not None:
            good = episode.success is not False
            axes.plot(*np.asarray(episode.goal_m)[list(plane)], '*' if good else 'X',
                      color=GREEN if good else RED, markersize=13 if good else 10,
                      markeredgecolor='white', markeredgewidth=0.7, zorder=3)
    _path_legend(axes, episodes)


def _path_legend(axes, episodes: Sequence[DrawnEpisode]) -> None:
    from matplotlib.lines import Line2D

    def mark(marker: str, colour: str, label: str) -> Line2D:
        return Line2D([], [], linestyle='', marker=marker, color=colour, markersize=8, label=label)

    handles, _ = axes.get_legend_handles_labels()
    handles.append(mark('o', GREY, 'start'))
    with_goal = [episode for episode in episodes if episode.goal_m is not None]
    if any(episode.success is not False for episode in with_goal):
        handles.append(mark('*', GREEN, 'goal, reached'))
    if any(episode.success is False for episode in with_goal):
        handles.append(mark('X', RED, 'goal, missed'))
    axes.legend(handles=handles, fontsize=9, framealpha=0.85)


def _draw_latency(axes, latency_s: np.ndarray, deadline_s: float) -> None:
    axes.set_title('Latency, observation to command')
    axes.set_xlabel('latency per tick [ms]')
    axes.set_ylabel('ticks')
    values = 1e3 * latency_s[np.isfinite(latency_s) & (latency_s > 0)]
    if not values.size:
        _say_nothing(axes, 'no tick was measured')
        return
    deadline = 1e3 * deadline_s
    low, high = values.min() * 0.8, max(values.max(), deadline) * 1.25
    axes.hist(values, bins=np.geomspace(low, high, 60), color=BLUE, alpha=0.8)
    axes.set_xscale('log')
    axes.set_xlim(low, high)
    median, late = np.percentile(values, [50, 99])
    misses = int((values > deadline).sum())
    for value, style, colour, label in (
            (median, '-', ORANGE, f'p50 {median:.3g} ms'),
            (late, '--', RED, f'p99 {late:.3g} ms'),
            (deadline, ':', 'black', f'deadline {deadline:.3g} ms, {misses} missed')):
        axes.axvline(value, linestyle=style, color=colour, linewidth=2, label=label)
    axes.xaxis.set_major_formatter('{x:g}')
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.25, axis='y')
    axes.legend(title=f'{values.size} ticks', fontsize=9)


def _draw_likeness(axes, episodes: Sequence[DrawnEpisode], rate_hz: float,
                   stop_ratio: float | None) -> None:
    axes.set_title('Unlikeness to the expert (running mean)')
    axes.set_xlabel('time in the episode [s]')
    axes.set_ylabel('score [1 = warning threshold]')
    drawn = [episode for episode in episodes if len(episode.likeness)]
    if not drawn:
        _say_nothing(axes, 'this policy has no expert-likeness detector')
        return
    names = set()
    for episode in drawn:
        good = episode.success is not False
        name = 'successful episode' if good else 'failed episode'
        axes.plot(np.arange(len(episode.likeness)) / rate_hz, episode.likeness,
                  color=BLUE if good else RED, linewidth=1.3, alpha=0.6,
                  linestyle='-' if good else '--', label=None if name in names else name)
        names.add(name)
    axes.axhline(1.0, color=ORANGE, linewidth=2, label='warn')
    if stop_ratio is not None:
        axes.axhline(stop_ratio, color='black', linestyle=':', linewidth=2, label='stop')
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=9)


def _say_nothing(axes, text: str) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha='center', va='center', color=GREY)
    axes.set_xticks([])
    axes.set_yticks([])
