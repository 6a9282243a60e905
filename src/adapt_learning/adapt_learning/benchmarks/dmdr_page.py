"""Writes a DMDR table as JSON and as a page, from the files of its jobs."""

from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from adapt_learning.benchmarks.cells import Gain
from adapt_learning.benchmarks.dmdr_tables import POLLUTED, SIGMA, DmdrTable, Results, Row
from adapt_learning.benchmarks.evaluate_job import SEED
from adapt_learning.benchmarks.facts import facts
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.measures import measure_of
from adapt_learning.benchmarks.page import store_page

_NOTE = """\
Success in percent, or return, over {episodes} episodes ({first}..{last}, noise level 1) per seed:
mean ± sample standard deviation over the seeds (each seed). *t*: 95 % t interval of the mean over
the seeds; it says nothing where all seeds agree. *pooled*: 95 % interval of all episodes (Wilson
for success, t for return); it takes them for independent, so it is too narrow where the seeds
differ. *paired*: mean difference, seed by seed, to the row of the same policy on the noisy data of
the same kind (where there is none: to DMDR), and its t interval. Every seed has its own pollution
(Gaussian unless the row names another kind; p, at the head of each task, for states and for actions
apart from each other; sigma = {sigma:g} standard deviation of each element), its own restoration
and its own training; all rows of a seed share pollution and episodes, all seeds the clean
demonstrations. *Dissertation*: its demonstrations, simulator and networks; it does not say the size
of the noise. Ours differs from its text where docs/explanation/dmdr.md says so; its settings were
chosen on FetchPick with this pollution, those of the rivals were not tuned. *before* and *after*
are over the values that a method keeps, and `trajectory` drops none.{overrides}
"""
_QUALITY = """\
What the restorations did, compared with the truth (mean over the seeds). *ROC AUC*: of the filter's
score. *found*, *false alarms*: share of the polluted and of the clean values that were suspected.
*before*, *after*: mean distance per element from the clean value, over the polluted values that
are left, in standard deviations of each element; *in units*: the same in the units of the data
(states: m and rad, actions: -1..1). *clean changed*: share of the clean values left that were
edited, and the mean change over all of them. *seconds*: mean of the restorations that took nothing
over from another row or an earlier start.
"""
_COLUMNS = (('roc_auc', 3), ('found', 3), ('false_alarms', 3), ('before', 3), ('after', 3),
            ('before_units', 4), ('after_units', 4),
            ('clean_changed', 3), ('clean_change', 4))


def write_table(table: DmdrTable, place: Workplace) -> Path:
    """Write NAME.json and NAME.md beside the folder of results; returns the page."""
    results = table.results(place)
    return store_page(place.results.parent, table.name, as_dict(results),
                      '\n'.join(_markdown(results)))


def as_dict(results: Results) -> dict[str, Any]:
    """Return everything as JSON values."""
    table = results.table
    return {
        'table': table.name, 'command': table.command, 'p': dict(POLLUTED), 'sigma': SIGMA,
        'overrides': dict(table.overrides),
        'cells': [{
            'task': task, 'row': row.title, 'policy': row.policy, 'data': row.data,
            'pairs': results.pairs(row, task), 'published': row.published.get(task),
            **results.cells[task, row.title].as_dict()}
            for task in table.tasks for row in table.rows if (task, row.title) in results.cells],
        'restorations': [{
            'task': task, 'name': name, 'seeds': len(found), 'command': found[0]['provenance'][
                'command'], **_summary(found)}
            for task in table.tasks for name, found in results.restorations(task).items()]}


def _summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    results = [one['result'] for one in found]
    return {
        'seconds': _seconds(results),
        'counts': {key: round(mean(r['counts'][key] for r in results))
                   for key in results[0]['counts']},
        'estimated': {side: _spread([r['estimates'][side] for r in results])
                      for side in results[0]['estimates']},
        'quality': {side: {name: _mean([r['quality'][side][name] for r in results])
                           for name, _ in _COLUMNS} for side in ('state', 'action')}}


def _seconds(results: list[dict[str, Any]]) -> float | None:
    """Return the mean duration of restorations that ran all stages that any of them ran."""
    stages = max(len(r['seconds']) for r in results)
    whole = [sum(r['seconds'].values()) for r in results if len(r['seconds']) == stages >= 6]
    return round(mean(whole), 1) if whole else None


def _spread(values: list[float | None]) -> list[float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return [round(mean(known), 4), round(stdev(known), 4) if len(known) > 1 else 0.0]


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(mean(known), 5) if known else None


def _markdown(results: Results) -> Iterator[str]:
    table = results.table
    yield f'# {table.title}\n'
    yield (f'Made by `{table.command}` from the files in {results.place.results.name}/; nothing '
           'is typed by hand.\n')
    changed = '; '.join(f'{policy}: {" ".join(values)}' for policy, values in table.overrides)
    yield _NOTE.format(
        episodes=table.episodes, first=SEED, last=SEED + table.episodes - 1, sigma=SIGMA,
        overrides=f' Training: preset {table.preset}{f" with {changed}" if changed else ""}.')
    for task in table.tasks:
        rows = [row for row in table.rows if (task, row.title) in results.cells]
        if not rows:
            continue
        yield f'## {task}, p = {POLLUTED[task]:g}\n'
        yield (f'| method | pairs | {measure_of(task).title} | t | pooled | paired '
               '| dissertation | seeds |')
        yield '|---' * 8 + '|'
        for row in rows:
            yield _row(row, task, results)
        yield ''
        yield from _restorations(results, task)
    yield facts(results.provenance())
    yield ''


def _row(row: Row, task: str, results: Results) -> str:
    cell = results.cells[task, row.title]
    published = row.published.get(task)
    pairs = results.pairs(row, task)
    return ' | '.join((
        f'| {row.title}' + ''.join(f' (`{change}`)' for change in row.settings),
        '-' if pairs is None else f'{pairs:.0f}', str(cell),
        _interval(cell.interval), _interval(cell.pooled_interval),
        _paired(row, task, results),
        '-' if published is None else f'{published[0]:.1f} ± {published[1]:.1f}',
        f'{len(cell.seeds)} |'))


def _interval(ends: tuple[float, float] | None) -> str:
    return '-' if ends is None else f'{ends[0]:.1f}-{ends[1]:.1f}'


def _paired(row: Row, task: str, results: Results) -> str:
    """Return the difference to the reference row over the seeds that both have."""
    reference = results.table.reference(row)
    cells = results.cells
    if reference is None or (task, reference.title) not in cells:
        return '-'
    own, other = cells[task, row.title], cells[task, reference.title]
    shared = [seed for seed in own.seeds if seed in other.seeds]
    if not shared:
        return '-'
    gain = Gain(tuple(
        own.values[own.seeds.index(seed)] - other.values[other.seeds.index(seed)]
        for seed in shared))
    ends = gain.interval
    return f'{mean(gain.per_seed):+.1f}' + (
        '' if ends is None else f' ({ends[0]:+.1f}..{ends[1]:+.1f})')


def _restorations(results: Results, task: str) -> Iterator[str]:
    found = results.restorations(task)
    if not found:
        return
    yield _QUALITY
    titles = ('restoration', 'side', 'ROC AUC', 'found', 'false alarms', 'before', 'after',
              'before, in units', 'after, in units', 'clean changed', 'mean change',
              'estimated share', 'kept / restored / dropped', 'seconds')
    yield f'| {" | ".join(titles)} |'
    yield '|---' * len(titles) + '|'
    for name, stored in found.items():
        summary = _summary(stored)
        for side in ('state', 'action'):
            numbers = [_shown(summary['quality'][side][key], digits) for key, digits in _COLUMNS]
            share = summary['estimated'][side]
            counts = summary['counts']
            yield ' | '.join((
                f'| {name}', side, *numbers,
                '-' if share is None else f'{share[0]:.3f} ± {share[1]:.3f}',
                f'{counts["kept"]} / {counts["restored"]} / {counts["dropped"]}',
                f'{_shown(summary["seconds"], 0)} |'))
    yield ''


def _shown(value: float | None, digits: int) -> str:
    return '-' if value is None else f'{value:.{digits}f}'
