"""The page of the sampler comparison: table, JSON and picture."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from adapt_learning.benchmarks.evaluate_job import SEED
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.page import store_page
from adapt_learning.benchmarks.page import table as table_of
from adapt_learning.benchmarks.samplers import NAME, SCENES, Measured, SamplerTable, measured
from adapt_learning.evaluation.plots import new_figure, save_figure

_NOTE = """\
Success in percent: mean ± sample standard deviation over the seeds (each seed), {episodes} episodes
each ({first}..{last}); *Wilson* is the 95 % interval of all episodes pooled, as if no two of them
shared a network. *Chunk n of H*: H actions are predicted, n are executed before the next
inference. *Inference*: p50 of one inference in the policy node's runtime, in passes through BC
(256 x 3 with preset cpu) measured in turns in the same run; *per tick* is that divided by n, what
inference costs on average. The network is trained once per policy and chunk; only the steps of
inference differ between the rows. Rows without a result are left out.
"""
_COLOURS = ('#000000', '#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
"""Okabe and Ito's, told apart by everybody: one for BC and each sampler."""
_LINES = (('-', 'o'), ('--', 's'), (':', '^'))
"""Line and marker of each length of chunk."""


def write_page(table: SamplerTable, place: Workplace) -> Path:
    """Write samplers.json, .md and .png beside the results; return the path of the page."""
    table = table.whole
    done = {task: rows for task in table.tasks if (rows := measured(table, task, place))}
    table = replace(table, tasks=tuple(done))
    folder = place.results.parent
    values = {
        'table': NAME, 'command': table.command, 'preset': table.preset,
        'seeds': list(table.seeds), 'episodes': table.episodes,
        'tasks': {task: {'noise_level': SCENES[task].noise_level,
                         'rows': [one.as_dict() for one in rows]} for task, rows in done.items()}}
    drawn = {task: rows for task, rows in done.items()
             if any(one.ratio is not None and one.row for one in rows)}
    if drawn:
        draw(folder / f'{NAME}.png', drawn)
    return store_page(folder, NAME, values, '\n'.join(_markdown(table, done, bool(drawn))))


def _markdown(table: SamplerTable, done: Mapping[str, list[Measured]],
              drawn: bool) -> Iterator[str]:
    yield '# Samplers: steps against success and latency\n'
    yield (f'Made by `{table.command}` from the files in {NAME}/; nothing is typed by hand.\n')
    yield _NOTE.format(episodes=table.episodes, first=SEED, last=SEED + table.episodes - 1)
    if drawn:
        yield f'![success against latency of an inference, one diagram per task]({NAME}.png)\n'
    for task, rows in done.items():
        scene = SCENES[task]
        yield f'## {task}, noise level {scene.noise_level:g}\n'
        yield from table_of(('policy', 'sampler', 'steps', 'chunk', 'success', 'Wilson',
                             'inference', 'per tick'), map(_line, rows))


def _line(one: Measured) -> tuple[str, ...]:
    row, pooled = one.row, one.cell.pooled
    said = ['bc', '-', '-', '-'] if row is None else [
        row.sampler.policy, row.sampler.title, str(row.steps),
        f'{row.chunk.executed} of {row.chunk.length}']
    return (*said, str(one.cell), f'{100 * pooled.low:.1f}-{100 * pooled.high:.1f}',
            _times(one.ratio), _times(one.ratio_per_tick))


def _times(ratio: float | None) -> str:
    return '-' if ratio is None else f'{ratio:.1f} x'


def draw(path: Path, done: Mapping[str, list[Measured]]) -> None:
    """Draw success (with its Wilson interval) against latency, a diagram per task, into a PNG."""
    figure = new_figure((6.4 * len(done), 4.8), 110)
    for axes, (task, rows) in zip(figure.subplots(1, len(done), squeeze=False)[0], done.items(),
                                  strict=True):
        axes.set_title(f'{task}, noise level {SCENES[task].noise_level:g}')
        axes.set_xlabel('p50 of an inference [passes through BC]')
        axes.set_ylabel('success [%]')
        lines = _lines(rows)
        kinds = list(dict.fromkeys(_kind(points[0]) for points in lines.values()))
        chunks = list(dict.fromkeys(one.row.chunk for one in rows if one.row))
        for name, points in lines.items():
            row = points[0].row
            _draw_line(axes, name, points, _COLOURS[kinds.index(_kind(points[0])) % len(_COLOURS)],
                       *_LINES[chunks.index(row.chunk) % len(_LINES) if row else 0])
        axes.set_xscale('log')
        axes.xaxis.set_major_formatter('{x:g}')
        lowest = 100 * min(one.cell.pooled.low for one in rows)
        axes.set_ylim(10 * (max(lowest - 5, 0) // 10), 101)
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8, loc='lower left')
    save_figure(figure, path)


def _lines(rows: list[Measured]) -> dict[str, list[Measured]]:
    lines: dict[str, list[Measured]] = {}
    for one in rows:
        row = one.row
        name = 'bc' if row is None else (
            f'{row.sampler.policy}, {row.sampler.title}, {row.chunk.executed} of '
            f'{row.chunk.length}')
        if one.ratio is not None:
            lines.setdefault(name, []).append(one)
    return lines


def _kind(one: Measured) -> str:
    return '' if one.row is None else f'{one.row.sampler.policy} {one.row.sampler.title}'


def _draw_line(axes, name: str, points: list[Measured], colour: str, line: str,
               marker: str) -> None:
    x, pooled = [one.ratio for one in points], [one.cell.pooled for one in points]
    y = [100 * rate.rate for rate in pooled]
    below = [100 * (rate.rate - rate.low) for rate in pooled]
    above = [100 * (rate.high - rate.rate) for rate in pooled]
    axes.errorbar(x, y, (below, above), color=colour, linestyle=line, marker=marker,
                  markersize=4, capsize=2, linewidth=1.4, label=name)
    for one, a, b in zip(points, x, y, strict=True):
        if one.row is not None:
            axes.annotate(str(one.row.steps), (a, b), textcoords='offset points', xytext=(4, 4),
                          fontsize=7, color=colour)
