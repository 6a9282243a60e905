"""The picture of `adapt bench checkpoints`: success over what is measured without a simulator."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adapt_learning.evaluation.plots import new_figure, save_figure

if TYPE_CHECKING:
    from adapt_learning.benchmarks.checkpoints import Checkpoints, Point, Ranking

_MARKERS = 'osD^v*'
_TITLES = {'validation_loss': ('Validation loss', 'mean square error on held-out pairs'),
           'unlikeness': ('Expert-likeness', 'unlikeness on held-out states (demonstrator: 1)')}


def draw(path: Path, table: 'Checkpoints', found: 'list[Point]', ranks: 'list[Ranking]') -> None:
    """Draw one panel per measure; colours are updates, markers are seeds, bars are intervals."""
    from matplotlib.colors import LogNorm
    figure = new_figure((10.5, 4.6), 120)
    figure.suptitle(f'{table.policy} in {table.task}, {table.demonstrations} demonstrations: '
                    'checkpoints of one training', fontsize=12)
    steps = [point.step for point in found]
    norm = LogNorm(min(steps), max(max(steps), min(steps) + 1))
    for axes, (measure, (title, label)) in zip(figure.subplots(1, 2), _TITLES.items(), strict=True):
        _panel(axes, measure, found, norm)
        said = [one.correlation for one in ranks if one.measure == measure]
        known = [value for value in said if value is not None]
        axes.set_title(title + (f' (rank correlation {np.mean(known):+.2f})' if known else ''),
                       fontsize=11)
        axes.set_xlabel(label)
        axes.set_ylabel(f'success at noise level {table.noise_level:g} [%]')
    bar = figure.colorbar(axes.collections[-1], ax=figure.axes, label='updates')
    bar.set_ticks(sorted(set(steps)), labels=[str(step) for step in sorted(set(steps))])
    bar.minorticks_off()
    save_figure(figure, path)


def _panel(axes, measure: str, found: 'list[Point]', norm) -> None:
    for number, seed in enumerate(sorted({point.seed for point in found})):
        mine = [point for point in found if point.seed == seed]
        x = [getattr(point, measure) for point in mine]
        y = np.array([100 * point.success.rate for point in mine])
        ends = np.array([[100 * point.success.low, 100 * point.success.high] for point in mine]).T
        axes.errorbar(x, y, yerr=np.abs(ends - y), fmt='none', ecolor='#999999', elinewidth=1,
                      zorder=1)
        axes.plot(x, y, color='#bbbbbb', linewidth=0.8, zorder=1)
        axes.scatter(x, y, c=[point.step for point in mine], norm=norm, cmap='viridis', s=55,
                     marker=_MARKERS[number % len(_MARKERS)], edgecolor='white', zorder=2)
    axes.set_ylim(-3, 103)
    axes.grid(alpha=0.25)
