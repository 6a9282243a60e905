"""Figure 3.4 of the dissertation as a picture: actions, trajectories, deviation over time."""

from pathlib import Path

import numpy as np

from adapt_learning.benchmarks.fig_3_4 import NAME, Outcome, deviation_m, numbers
from adapt_learning.benchmarks.spiral import ACTIONS, STEP_S
from adapt_learning.data.files import write_json
from adapt_learning.evaluation.plots import BLUE, GREEN, ORANGE, RED, new_figure, save_figure

COLOURS = {'BC': ORANGE, 'diffusion loss alone': BLUE, 'DBC': RED}
_LINES = {'BC': '-', 'diffusion loss alone': '-', 'DBC': '--'}
_WIDTHS = {'BC': 2.6, 'diffusion loss alone': 1.5, 'DBC': 1.5}
"""BC and DBC may lie on each other: the one is wide, the other dashed and on top."""
_DRAWN = 5
"""Episodes in the picture."""


def write_figure(outcome: Outcome, folder: Path) -> Path:
    """Write fig-3.4.png and fig-3.4.json; returns the picture."""
    write_json(folder / f'{NAME}.json', numbers(outcome))
    path = folder / f'{NAME}.png'
    draw(outcome, path)
    return path


def draw(outcome: Outcome, path: Path) -> None:
    """Draw the first seed into a PNG of 1800 x 660 pixels; the file appears whole."""
    figure = new_figure((15, 5.5), 120)
    figure.suptitle('Manifold overfitting: learning a script of four actions '
                    '(dissertation figure 3.4)', fontsize=14)
    actions, trajectories, deviation = figure.subplots(1, 3)
    _draw_actions(actions, outcome)
    _draw_trajectories(trajectories, outcome)
    _draw_deviation(deviation, outcome)
    save_figure(figure, path)


def _draw_actions(axes, outcome: Outcome) -> None:
    axes.set_title('(a) Actions at what the script saw')
    axes.set_xlabel('force in x [of the largest]')
    axes.set_ylabel('force in y [of the largest]')
    # The worst one first, so that the others are not hidden behind it.
    for name in sorted(outcome.learners, key=lambda name: -_error(outcome, name)):
        x, y = outcome.learners[name].chosen[0, :_DRAWN].reshape(-1, 2).T
        axes.scatter(x, y, s=9, color=COLOURS[name], alpha=0.5, linewidths=0, label=name)
    axes.scatter(*ACTIONS.T, s=130, marker='x', color='black', linewidths=2, label='script',
                 zorder=3)
    axes.set_aspect('equal', adjustable='datalim')
    _finish(axes)


def _draw_trajectories(axes, outcome: Outcome) -> None:
    axes.set_title(f'(b) {_DRAWN} trajectories from new starts, one training')
    axes.set_xlabel('x [m]')
    axes.set_ylabel('y [m]')
    for i in range(min(_DRAWN, len(outcome.script))):
        label = 'script' if i == 0 else None
        axes.plot(*outcome.script[i, :, :2].T, color=GREEN, linewidth=6, alpha=0.4, label=label)
        for name, runs in outcome.learners.items():
            label = name if i == 0 else None
            axes.plot(*runs.observations[0, i, :, :2].T, color=COLOURS[name],
                      linewidth=_WIDTHS[name], linestyle=_LINES[name], label=label)
        axes.plot(*outcome.script[i, 0, :2], 'o', color='black', markersize=4,
                  label='start' if i == 0 else None)
    axes.set_aspect('equal', adjustable='datalim')
    _finish(axes)


def _draw_deviation(axes, outcome: Outcome) -> None:
    seeds, episodes = len(outcome.experiment.seeds), outcome.experiment.episodes
    axes.set_title(f'(c) Distance to the script (trainings: {seeds}, starts: {episodes})')
    axes.set_xlabel('time [s]')
    axes.set_ylabel('distance [m] (median, 10-90 %)')
    for name, runs in outcome.learners.items():
        away = deviation_m(runs, outcome).reshape(seeds * episodes, -1)
        low, middle, high = np.quantile(away, (0.1, 0.5, 0.9), axis=0)
        time_s = STEP_S * np.arange(len(middle))
        axes.plot(time_s, middle, color=COLOURS[name], linewidth=_WIDTHS[name],
                  linestyle=_LINES[name], label=name)
        axes.fill_between(time_s, low, high, color=COLOURS[name], alpha=0.15, linewidth=0)
    axes.set_ylim(bottom=0)
    _finish(axes)


def _finish(axes) -> None:
    axes.grid(alpha=0.25)
    axes.legend(loc='best', fontsize=9)


def _error(outcome: Outcome, name: str) -> float:
    return float(np.abs(outcome.learners[name].chosen - outcome.actions[None]).mean())
