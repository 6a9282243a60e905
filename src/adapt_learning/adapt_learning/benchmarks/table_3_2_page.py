"""Writes table 3.2 as JSON and as a page, from the files of its jobs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapt_learning.benchmarks.cells import Gain, SeedCell
from adapt_learning.benchmarks.evaluate_job import SEED
from adapt_learning.benchmarks.facts import facts
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.measures import measure_of
from adapt_learning.benchmarks.page import store_page
from adapt_learning.benchmarks.table_3_2 import BC, COLUMNS, NAME, PRESETS, Method, Results, Table32
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import to_values

_NOTE = """\
Success in percent or return, over the episodes {first}..{last} per seed: mean ± sample standard
deviation over the seeds (each seed). *t*: 95 % t interval of the mean over the seeds; it says
nothing where all seeds agree. *episodes*: 95 % interval of all episodes pooled (success: Wilson,
return: t); it takes them for independent, so it is too narrow where the seeds differ. *DBC - it*:
mean of the differences seed by seed and its t interval; seeds of one number are evaluated in the
same episodes. *of expert*: our number in percent of what the demonstrator reached while it
demonstrated (level 1). All seeds learn from the same demonstrations, which hold none of the
episodes of the evaluation. *Dissertation*: its table 3.2, other demonstrations and another
simulator version. Rows without a number of it are ours; a row with a changed setting names it.
"""
_SETTINGS_NOTE = """\
What each row has instead of the published setting (in brackets) that preset `paper` keeps. A
setting that stands in one of the two alone has - for the other.
"""


def write_table(table: Table32, place: Workplace) -> Path:
    """Write table-3.2.json and .md beside the results: whatever is complete, in every preset."""
    variants = [results for preset in PRESETS
                if (results := replace(table.whole(), preset=preset).results(place)).cells]
    return store_page(place.results.parent, NAME, {
        'table': NAME, 'variants': [as_dict(results) for results in variants]},
        '\n'.join(_markdown(table, variants)))


def as_dict(results: Results) -> dict[str, Any]:
    """Return one preset as JSON values."""
    table = results.shown
    return {
        'command': table.command, 'preset': table.preset, 'overrides': dict(table.overrides),
        'tasks': [{
            'task': task, 'measure': measure_of(task).title,
            'noise_level': COLUMNS[task].noise_level, 'expert': results.expert(task).mean,
            'dataset': table.data(task).result(results.place)} for task in results.tasks],
        'cells': [{
            'task': task, 'row': method.title, 'policy': method.policy,
            'changed': list(method.changes(task)), 'published': method.published(task),
            **results.cells[task, method.title].as_dict(),
            'dbc_minus_it': gain.as_dict() if (gain := results.gain(task, method)) else None,
            'train_s': table.training(method, task).result(results.place)['train_s'],
            'departs': departures(table, method, task)}
            for task in results.tasks for method in results.rows(task)],
        'below_published': list(below_published(results)),
        'dbc_below': list(dbc_below(results))}


def below_published(results: Results) -> Iterator[str]:
    """Yield a sentence for every cell whose mean is below the dissertation's."""
    for task in results.tasks:
        for method in results.rows(task):
            cell, published = results.cells[task, method.title], method.published(task)
            if published is None or cell.mean >= published[0]:
                continue
            ends = cell.interval
            place = '' if ends is None else (
                ', within our t interval' if ends[1] >= published[0] else ', above our t interval')
            yield (f'{task}, {method.title}: {cell.mean:.1f}, dissertation {published[0]:.1f}'
                   f'{place}; {_of_expert(results, task, method)} % of our expert')


def dbc_below(results: Results) -> Iterator[str]:
    """Yield a sentence for every row that is above DBC in the mean."""
    for task in results.tasks:
        for method in results.rows(task):
            gain = results.gain(task, method)
            if gain is not None and gain.mean < 0:
                yield f'{task}: DBC - {method.title} = {_gain(gain)}'


def departures(table: Table32, method: Method, task: str) -> dict[str, list[Any]]:
    """Return the settings that differ from preset `paper`: [ours, published] by name."""
    training = table.training(method, task)
    ours = _flat(to_values(table.product(method, task).config))
    try:
        theirs = _flat(to_values(replace(training, preset='paper', overrides=()).config))
    except SettingError:  # a task without published sizes
        return {}
    return {name: [ours.get(name, '-'), theirs.get(name, '-')]
            for name in dict.fromkeys((*ours, *theirs))
            if ours.get(name, '-') != theirs.get(name, '-') and not name.startswith('likeness')}


def _flat(values: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    flat = {}
    for name, value in values.items():
        flat |= (_flat(value, f'{prefix}{name}.') if isinstance(value, Mapping)
                 else {f'{prefix}{name}': value})
    return flat


def _markdown(table: Table32, variants: list[Results]) -> Iterator[str]:
    yield '# Six tasks (dissertation table 3.2)\n'
    yield (f'Made by `adapt bench {NAME}` from the files in {NAME}/; nothing is typed by hand.\n')
    yield _NOTE.format(first=SEED, last=SEED + table.episodes - 1)
    for results in variants:
        yield f'## Preset {results.table.preset}\n'
        yield f'`{results.shown.command}`\n'
        yield from _summary(results)
        for task in results.tasks:
            yield from _task(results, task)
        yield from _list('Below the dissertation', below_published(results))
        yield from _list('Where DBC is below another row', dbc_below(results))
        yield from _list('DBC against the baselines of the dissertation', _gains(results))
        yield from _departures(results)
        yield facts(results.provenance())
        yield ''


def _summary(results: Results) -> Iterator[str]:
    """Yield the table in the shape of the dissertation's, its numbers in brackets."""
    yield f'| ours (dissertation) | {" | ".join(results.tasks)} |'
    yield '|---' * (1 + len(results.tasks)) + '|'
    for method in results.shown.methods:
        cells = [results.cells.get((task, method.title)) for task in results.tasks]
        numbers = [_with_published(cell, method.published(task))
                   for task, cell in zip(results.tasks, cells, strict=True)]
        yield f'| {method.title} | {" | ".join(numbers)} |'
    experts = [f'{results.expert(task).mean:.1f}' for task in results.tasks]
    yield f'| demonstrator | {" | ".join(experts)} |\n'


def _with_published(cell: SeedCell | None, published: tuple[float, float] | None) -> str:
    if cell is None:
        return '-'
    spread = '' if cell.std is None else f' ± {cell.std:.1f}'
    return f'{cell.mean:.1f}{spread}' + (
        '' if published is None else f' ({published[0]:.1f} ± {published[1]:.1f})')


def _task(results: Results, task: str) -> Iterator[str]:
    data = results.table.data(task)
    collected = data.result(results.place)
    yield f'### {task}: {measure_of(task).title}\n'
    yield (f'{collected["episodes"]} demonstrations, {collected["steps"]} pairs (hash '
           f'{collected["dataset"]}) by `{data.plan.command}`: {results.expert(task).text}. '
           f'Evaluation at noise level {COLUMNS[task].noise_level:g}.\n')
    yield ('| method | ours | t | episodes | dissertation | of expert [%] | DBC - it '
           '| training [s] |')
    yield '|---' * 8 + '|'
    for method in results.rows(task):
        cell, published = results.cells[task, method.title], method.published(task)
        gain = results.gain(task, method)
        changed = ''.join(f' (`{change}`)' for change in method.changes(task))
        seconds = results.table.training(method, task).result(results.place)['train_s']
        yield ' | '.join((
            f'| {method.title}{changed}', str(cell), _interval(cell.interval),
            _interval(cell.pooled_interval),
            '-' if published is None else f'{published[0]:.1f} ± {published[1]:.1f}',
            _of_expert(results, task, method), '-' if gain is None else _gain(gain),
            f'{seconds:.0f} |'))
    yield ''


def _of_expert(results: Results, task: str, method: Method) -> str:
    return f'{100 * results.cells[task, method.title].mean / results.expert(task).mean:.1f}'


def _gains(results: Results) -> Iterator[str]:
    for task in results.tasks:
        if not (baselines := results.baselines(task)) or not results.gain(task, baselines[0]):
            continue
        compared = dict.fromkeys(method.title for method in (BC, baselines[0]))
        parts = [f'DBC - {method.title} = {_gain(results.gain(task, method))}'
                 + (' (best baseline)' if method is baselines[0] else '')
                 for method in baselines if method.title in compared]
        yield f'{task}: {"; ".join(parts)}'


def _list(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f'### {title}\n'
    yield '\n'.join(f'- {line}' for line in lines) or 'Nowhere.'
    yield ''


def _departures(results: Results) -> Iterator[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for task in results.tasks:
        for method in results.rows(task):
            changes = ', '.join(f'{name} {ours} ({theirs})' for name, (ours, theirs)
                                in departures(results.table, method, task).items())
            if changes:
                found.setdefault((method.title, changes), []).append(task)
    if not found:
        return
    yield '### Settings that are not the published ones\n'
    yield _SETTINGS_NOTE
    for (title, changes), tasks in found.items():
        yield f'- {title} in {", ".join(tasks)}: {changes}'
    yield ''


def _interval(ends: tuple[float, float] | None) -> str:
    return '-' if ends is None else f'{ends[0]:.1f}..{ends[1]:.1f}'


def _gain(gain: Gain) -> str:
    ends = gain.interval
    return f'{gain.mean:+.1f}' + ('' if ends is None else f' ({ends[0]:+.1f}..{ends[1]:+.1f})')
