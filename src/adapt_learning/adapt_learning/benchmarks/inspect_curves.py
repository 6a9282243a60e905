"""Image AUROC against the number and the share of references (dissertation figures 1.3, 1.4)."""

from collections.abc import Iterable
from math import ceil, floor
from pathlib import Path

from adapt_learning.benchmarks.inspect_bench import Draws, Results
from adapt_learning.benchmarks.inspect_job import ALL
from adapt_learning.evaluation.plots import new_figure, save_figure

_COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
"""Okabe and Ito's: told apart by everybody."""
_MARKERS = 'osD^vP'
_ACROSS = (4, 3)
"""Diagrams side by side: what leaves fewer gaps."""


def draw(path: Path, results: Results) -> bool:
    """
    Draw a diagram per surface and one of their mean into a PNG; return whether there is a curve.

    Below: the number of references; above: their share of train/good. Bars are 95 % t intervals
    over the draws.
    """
    bench = results.bench
    panels = [(domain.name, domain.train_count) for domain in bench.domains]
    counts = {train for _, train in panels}
    if len(panels) > 1:
        panels.append(('', counts.pop() if len(counts) == 1 else 0))
    lines = {name: _lines(results, name, train) for name, train in panels}
    every_point = [one.mean for each in lines.values() for points in each.values()
                   for _, one in points]
    if not every_point or len(bench.references) < 2:
        path.unlink(missing_ok=True)  # one number of references is no curve
        return False
    across = min(len(panels), min(_ACROSS, key=lambda n: -len(panels) % n))
    rows = ceil(len(panels) / across)
    figure = new_figure((4.2 * across, 4.1 * rows + 0.5), 100)
    every = list(figure.subplots(rows, across, squeeze=False, sharey=True).flat)
    for axes, (name, train) in zip(every, panels, strict=False):
        _draw_panel(axes, name, train, lines[name])
    # Intervals of few draws may be far wider than the axis of an AUROC.
    every[0].set_ylim(_lowest(every_point), 1.02)
    for axes in every[len(panels):]:
        axes.set_visible(False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside lower center', ncols=min(len(labels), 3))
    save_figure(figure, path)
    return True


def _lines(results: Results, name: str, train: int) -> dict[str, list[tuple[int, Draws]]]:
    """Return (references, image AUROC) of every detector; name '' is the mean over surfaces."""
    found = {}
    for contender in results.bench.contenders:
        points = []
        for count in sorted(results.bench.references, key=lambda n: n or train):
            here = (results.measure(contender.title, name, count, 'image_auroc') if name
                    else results.mean(contender.title, count, 'image_auroc'))
            # Of all references of surfaces of different sizes there is no number.
            if here is not None and (count != ALL or train):
                points.append((count or train, here))
        found[contender.title] = points
    return found


def _lowest(values: Iterable[float]) -> float:
    """Return a twentieth that leaves room below all values."""
    return max(0.0, floor(20 * (min(values) - 0.04)) / 20)


def _draw_panel(axes, name: str, train: int, lines: dict[str, list[tuple[int, Draws]]]) -> None:
    axes.set_title(name or 'mean over the surfaces')
    axes.set_xlabel('references')
    axes.set_ylabel('image AUROC')
    axes.tick_params(labelleft=True)
    ticks = sorted({count for points in lines.values() for count, _ in points})
    for i, (title, points) in enumerate(lines.items()):
        # A little apart, so that intervals do not hide each other.
        x = [count * 1.02 ** (i - (len(lines) - 1) / 2) for count, _ in points]
        axes.errorbar(x, [one.mean for _, one in points], [one.half or 0.0 for _, one in points],
                      color=_COLOURS[i % len(_COLOURS)], marker=_MARKERS[i % len(_MARKERS)],
                      markersize=5, capsize=2, linewidth=1.4, label=title)
    axes.set_xscale('log')
    axes.minorticks_off()
    axes.set_xticks(ticks, [str(count) for count in ticks])
    axes.grid(alpha=0.25)
    if train:
        above = axes.secondary_xaxis('top')
        above.minorticks_off()
        above.set_xticks(ticks, [f'{round(100 * count / train, 1):g} %' for count in ticks])
        above.set_xlabel(f'share of train/good ({train})')
