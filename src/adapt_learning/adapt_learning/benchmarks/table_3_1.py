"""Table 3.1 of the dissertation: how multimodal the demonstrations of each task are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, stdev
from types import MappingProxyType
from typing import Any

from adapt_learning.benchmarks.facts import facts
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.multimodality_job import SCALES, MultimodalityJob
from adapt_learning.benchmarks.page import store_page
from adapt_learning.benchmarks.table_3_2 import COLUMNS, Table32

NAME = 'table-3.1'
PUBLISHED: Mapping[str, float] = MappingProxyType({
    'maze': 0.184, 'fetch_pick': 0.604, 'hand_rotate': 0.331, 'cheetah': 0.594, 'walker': 0.582,
    'ant_reach': 0.511})
_NOTE = """\
Majority ratio: states and actions of the demonstrations of table 3.2 are clustered apart from each
other (k-means, 10 clusters each); the ratio is the share of states whose action is in the most
frequent action cluster of their state cluster. 1: the state tells the action; near *chance*: it
does not (multimodal). Mean ± sample standard deviation over {seeds} drawings of the first centres.
*normalised*: every element with standard deviation 1, as for the policies; *raw*: as they are in
the dataset (the dissertation does not say which). *chance*: share of the largest action cluster
(normalised), which any state cluster reaches; it lies above the 1/10 of the dissertation where the
action clusters are of different size. *Dissertation*: other demonstrations, of other experts.
"""


@dataclass(frozen=True)
class Table31:
    """The table for some tasks."""

    tasks: tuple[str, ...] = tuple(PUBLISHED)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    demonstrations: Mapping[str, int] = field(default_factory=lambda: {
        task: column.demonstrations for task, column in COLUMNS.items()})

    @property
    def command(self) -> str:
        """Return the command line that makes this table."""
        return (f'adapt bench {NAME} --tasks {",".join(self.tasks)} --seeds '
                f'{",".join(map(str, self.seeds))}')

    def job(self, task: str) -> MultimodalityJob:
        """Return the job of a task, on the demonstrations of table 3.2."""
        data = Table32((task,), demonstrations=self.demonstrations).data(task)
        return MultimodalityJob(data, self.seeds)

    def jobs(self) -> list[MultimodalityJob]:
        """Return the jobs whose results are the rows."""
        return [self.job(task) for task in self.tasks]

    def whole(self) -> 'Table31':
        """Return this table with all tasks that there are."""
        return replace(self, tasks=Table32().whole().tasks)

    def results(self, place: Workplace) -> dict[str, dict[str, Any]]:
        """Return what is stored, by task."""
        return {task: stored for task in self.tasks if (stored := self.job(task).stored(place))}


def write_table(table: Table31, place: Workplace) -> Path:
    """Write table-3.1.json and .md beside the results: every task that has a result."""
    whole = table.whole()
    stored = whole.results(place)
    return store_page(place.results.parent, NAME, {
        'table': NAME, 'command': replace(whole, tasks=tuple(stored)).command,
        'rows': [{'task': task, 'published': PUBLISHED[task], **one['result']}
                 for task, one in stored.items()]}, '\n'.join(_markdown(whole, stored, place)))


def _markdown(table: Table31, stored: dict[str, dict[str, Any]],
              place: Workplace) -> Iterator[str]:
    yield '# How multimodal the demonstrations are (dissertation table 3.1)\n'
    yield (f'Made by `{replace(table, tasks=tuple(stored)).command}` from the files in {NAME}/; '
           'nothing is typed by hand.\n')
    yield _NOTE.format(seeds=len(table.seeds))
    yield '| task | pairs | majority ratio, normalised | raw | chance | dissertation |'
    yield '|---' * 6 + '|'
    for task, one in stored.items():
        result = one['result']
        ratios = [_spread([run['ratio'] for run in result[scale]]) for scale in SCALES]
        chance = _spread([run['chance'] for run in result['normalised']])
        yield (f'| {task} | {result["pairs"]} | {" | ".join(ratios)} | {chance} '
               f'| {PUBLISHED[task]:.3f} |')
    yield ''
    yield ('From the most multimodal to the least: '
           + _order({task: mean(run['ratio'] for run in one['result']['normalised'])
                     for task, one in stored.items()})
           + '; dissertation: ' + _order({task: PUBLISHED[task] for task in stored}) + '.\n')
    yield facts(provenance for task, one in stored.items() for provenance in (
        one['provenance'], table.job(task).data.stored(place)['provenance']))
    yield ''


def _order(ratios: Mapping[str, float]) -> str:
    return ', '.join(sorted(ratios, key=ratios.__getitem__))


def _spread(values: list[float]) -> str:
    return f'{mean(values):.3f}' + (f' ± {stdev(values):.3f}' if len(values) > 1 else '')
