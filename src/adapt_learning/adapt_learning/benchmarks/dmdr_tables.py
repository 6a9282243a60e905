"""Tables 3.4 to 3.7 of the dissertation: learning from polluted and restored demonstrations.

A table is a list of rows; a row names the policy and the data that it learns from. Each seed has
its own pollution, restoration and training, so the spread over the seeds is that of all three.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from adapt_learning import catalog
from adapt_learning.benchmarks.cells import SeedCell
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.data_job import DataJob
from adapt_learning.benchmarks.evaluate_job import EvaluateJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.measures import measure_of
from adapt_learning.benchmarks.pollute_job import PolluteJob
from adapt_learning.benchmarks.restore_job import RestoreJob
from adapt_learning.benchmarks.train_job import TrainJob

DEMONSTRATIONS = MappingProxyType({
    'fetch_pick': 303, 'fetch_push': 185, 'hand_rotate': 515, 'walker': 20})
"""Episodes per task, as in the dissertation (there 10,000 pairs, 20,000 of the last two)."""
POLLUTED = MappingProxyType({
    'fetch_pick': 0.2, 'fetch_push': 0.2, 'hand_rotate': 0.4, 'walker': 0.2})
"""p: share of the states and of the actions that are polluted, as in the dissertation."""
SEEDS = (0, 1, 2, 3, 4)
PRESET = 'cpu'
SIGMA = 1.0
CLEAN, NOISY = 'clean', 'noisy'
_VARIANT = 'dmdr'
RESTORATIONS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType({
    'dmdr': ('dmdr', ()),
    'published': ('published', ()),
    'trajectory': ('trajectory', ()),
    **{f'filter {name}': ('dmdr', (f'filter={name}',)) for name in ('random', 'ae', 'lof')},
    **{f'restorer {name}': ('dmdr', (f'restorer={name}',))
       for name in ('random_forest', 'generation', 'no_predictor', 'no_threshold')},
    **{f'threshold {level}': ('dmdr', (f'restorer_settings.threshold={level}',))
       for level in (5, 15, 35, 45)},
    **{f'neighbors {count}': ('dmdr', (f'filter_settings.lof.neighbors={count}',))
       for count in (20, 100)},
    'share 0.7': ('dmdr', ('clean_share=0.7',)),
})
"""Preset and changed settings of `adapt restore` by the name that rows use."""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    title: str
    policy: str
    data: str
    """clean, noisy, or a name in RESTORATIONS; `KIND: NAME` where pollution is not Gaussian."""
    published: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Mean and standard deviation per task in the dissertation: success [%] or return."""
    settings: tuple[str, ...] = ()
    """Changed settings of training."""


@dataclass(frozen=True)
class DmdrTable:
    """One table with its rows, tasks and seeds."""

    name: str
    title: str
    rows: tuple[Row, ...]
    tasks: tuple[str, ...] = tuple(DEMONSTRATIONS)
    seeds: tuple[int, ...] = SEEDS
    episodes: int = 100
    preset: str = PRESET
    """Of the trainings."""
    demonstrations: Mapping[str, int] = field(default_factory=lambda: DEMONSTRATIONS)
    overrides: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Changed settings of training per policy."""
    restoring: tuple[str, ...] = ()
    """Changed settings of all restorations (tests use tiny networks)."""

    @property
    def command(self) -> str:
        """Return the command line that makes this table."""
        return (f'adapt bench {self.name} --tasks {",".join(self.tasks)} --seeds '
                f'{",".join(map(str, self.seeds))} --episodes {self.episodes} '
                f'--preset {self.preset}')

    def jobs(self) -> list[EvaluateJob]:
        """Return the jobs whose results are the cells; the first task and seed come first."""
        return [self.evaluation(row, task, seed)
                for task in self.tasks for seed in self.seeds for row in self.rows]

    def evaluation(self, row: Row, task: str, seed: int) -> EvaluateJob:
        """Return the evaluation of a row for one seed."""
        data = self.data(row.data, task, seed)
        training = TrainJob(row.policy, data, self.preset, (seed,),
                            (*dict(self.overrides).get(row.policy, ()), *row.settings))
        return EvaluateJob(training, 1.0, self.episodes)

    def data(self, name: str, task: str, seed: int) -> DataJob:
        """Return the job that makes the demonstrations of a row."""
        clean = CollectJob(task, self.demonstrations[task], next(iter(
            catalog.load('task', task).experts)))
        kind, name = _parts(name)
        if name == CLEAN:
            return clean
        noisy = PolluteJob(clean, kind, POLLUTED[task], SIGMA, seed)
        if name == NOISY:
            return noisy
        preset, overrides = RESTORATIONS[name]
        # Variants take over what the published pipeline has judged, most what it has learnt too.
        after = (self.data(f'{kind}: {_VARIANT}', task, seed)
                 if name.startswith(('restorer', 'threshold', 'share')) else None)
        return RestoreJob(noisy, preset, (*overrides, *self.restoring), seed,
                          name.replace(' ', '-'), after)

    def reference(self, row: Row) -> Row | None:
        """Return the row that a row is compared with, seed by seed; None for that row itself."""
        kind = _parts(row.data)[0]
        for policy, data in ((row.policy, NOISY), ('bc', _VARIANT)):
            for other in self.rows:
                if (other.policy, *_parts(other.data), other.settings) == (policy, kind, data, ()):
                    return None if other is row else other
        return None

    def results(self, place: Workplace) -> 'Results':
        """Return what there is."""
        return Results(self, place)


@dataclass(frozen=True)
class Results:
    """The stored results of a table; rows without any are left out."""

    table: DmdrTable
    place: Workplace

    @cached_property
    def cells(self) -> dict[tuple[str, str], SeedCell]:
        """Return the cells by task and row title; a cell holds the seeds that are there."""
        cells = {}
        for task in self.table.tasks:
            for row in self.table.rows:
                done = [stored['result'] for seed in self.table.seeds if (
                    stored := self.table.evaluation(row, task, seed).stored(self.place))]
                if done:
                    cells[task, row.title] = measure_of(task).cell.from_results(done)
        return cells

    def restorations(self, task: str) -> dict[str, list[dict[str, Any]]]:
        """Return the stored restorations of a task by name, one per seed."""
        names = dict.fromkeys(row.data for row in self.table.rows
                              if _parts(row.data)[1] in RESTORATIONS)
        return {name: found for name in names if (found := [
            stored for seed in self.table.seeds
            if (stored := self.table.data(name, task, seed).stored(self.place))])}

    def pairs(self, row: Row, task: str) -> float | None:
        """Return the mean number of pairs that a row learns from."""
        steps = [stored['result']['steps'] for seed in self.table.seeds if (
            stored := self.table.data(row.data, task, seed).stored(self.place))]
        return sum(steps) / len(steps) if steps else None

    def provenance(self) -> Iterator[dict[str, Any]]:
        """Yield the provenance of every result."""
        for job in self.table.jobs():
            for one in (job, job.training, job.training.data):
                if stored := one.stored(self.place):
                    yield stored['provenance']


def _parts(data: str) -> tuple[str, str]:
    """Return the kind of pollution and the rest of the name of a row's data."""
    kind, _, name = data.rpartition(': ')
    return kind or 'gaussian', name
