"""Table 3.2 of the dissertation: six tasks, each learnt by BC, implicit BC, diffusion policy, DBC.

A cell is one training with all seeds stacked and its evaluation. Flow matching and the rows of
`EXTRAS` are not in the dissertation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from adapt_learning import catalog
from adapt_learning.benchmarks.cells import Gain, SeedCell
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.evaluate_job import EvaluateJob
from adapt_learning.benchmarks.export_job import ExportJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.measures import ExpertScore, measure_of
from adapt_learning.benchmarks.train_job import TrainJob

NAME = 'table-3.2'
PRESETS = ('cpu', 'paper')


@dataclass(frozen=True)
class Column:
    """One task of the table, as the dissertation has it."""

    demonstrations: int
    published: Mapping[str, tuple[float, float]]
    """Mean and standard deviation by policy: success [%] or return."""
    noise_level: float = 1.0
    """Of the evaluation; demonstrations have 1."""


COLUMNS: Mapping[str, Column] = MappingProxyType({
    'maze': Column(100, {
        'bc': (92.1, 3.6), 'implicit_bc': (78.3, 6.0), 'diffusion_policy': (95.5, 1.9),
        'dbc': (95.4, 1.7)}),
    # Its numbers are those of level 1.25 in table 3.3.
    'fetch_pick': Column(303, {
        'bc': (91.6, 5.8), 'implicit_bc': (69.4, 7.3), 'diffusion_policy': (83.9, 3.4),
        'dbc': (97.5, 1.9)}, noise_level=1.25),
    'hand_rotate': Column(515, {
        'bc': (57.5, 4.7), 'implicit_bc': (13.8, 3.7), 'diffusion_policy': (61.7, 4.1),
        'dbc': (60.1, 4.4)}),
    'cheetah': Column(5, {
        'bc': (4873.3, 69.7), 'implicit_bc': (1563.6, 486.8), 'diffusion_policy': (4650.3, 59.9),
        'dbc': (4909.5, 73.0)}),
    'walker': Column(5, {
        'bc': (6954.4, 73.5), 'implicit_bc': (839.8, 104.2), 'diffusion_policy': (6479.1, 238.6),
        'dbc': (7034.6, 33.7)}),
    'ant_reach': Column(500, {
        'bc': (56.2, 4.9), 'implicit_bc': (23.7, 4.9), 'diffusion_policy': (61.8, 4.0),
        'dbc': (70.1, 4.9)}),
})


@dataclass(frozen=True)
class Method:
    """One row."""

    title: str
    policy: str
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Changed settings of training per task; where there are some, the others have no such row."""
    inference: tuple[str, ...] = ()
    """Changed settings of inference; the weights are those of the row without."""

    def is_for(self, task: str) -> bool:
        """Return whether a task has this row."""
        return not self.settings or task in self.settings

    def changes(self, task: str) -> tuple[str, ...]:
        """Return the changed settings for a task."""
        return (*self.settings.get(task, ()), *self.inference)

    def published(self, task: str) -> tuple[float, float] | None:
        """Return the dissertation's mean and standard deviation, if it has this row."""
        return None if self.settings or self.inference else COLUMNS[task].published.get(self.policy)


BC, DBC = Method('BC', 'bc'), Method('DBC', 'dbc')
METHODS = (BC, Method('Implicit BC', 'implicit_bc'),
           Method('Diffusion policy', 'diffusion_policy'), DBC,
           Method('Flow matching', 'flow_matching'))
EXTRAS = (
    Method('DBC, published lambda', 'dbc', {
        task: (f'lambda_dm={value}',) for task, value in (
            ('maze', 30.0), ('fetch_pick', 0.5), ('hand_rotate', 10.0), ('ant_reach', 1.0))}),
    Method('Diffusion policy, 100 ancestral steps', 'diffusion_policy',
           inference=('sampler=ddpm', 'inference_steps=100')),
    Method('Diffusion policy, one step', 'diffusion_policy', inference=('inference_steps=1',)),
    Method('Flow matching, one step', 'flow_matching', inference=('inference_steps=1',)))
"""
Rows with one setting changed: that of the publication (Cheetah and Walker have its lambda), or the
fewest steps of inference, with which rivals are at their best where one action suits a state.
"""


@dataclass(frozen=True)
class Table32:
    """The table for one preset."""

    tasks: tuple[str, ...] = tuple(COLUMNS)
    seeds: tuple[int, ...] = (0, 1, 2)
    episodes: int = 100
    preset: str = 'cpu'
    methods: tuple[Method, ...] = METHODS
    demonstrations: Mapping[str, int] = field(default_factory=lambda: {
        task: column.demonstrations for task, column in COLUMNS.items()})
    overrides: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Changed settings per policy (tests use tiny networks)."""

    @property
    def command(self) -> str:
        """Return the command line that makes this table."""
        return (f'adapt bench {NAME} --tasks {",".join(self.tasks)} --preset {self.preset} '
                f'--seeds {",".join(map(str, self.seeds))} --episodes {self.episodes}'
                + (' --extras' if any(method in EXTRAS for method in self.methods) else ''))

    def rows(self, task: str) -> list[Method]:
        """Return the rows that a task has."""
        return [method for method in self.methods if method.is_for(task)]

    def data(self, task: str) -> CollectJob:
        """Return the collection of the demonstrations of a task, by its default expert."""
        expert = next(iter(catalog.load('task', task).experts))
        return CollectJob(task, self.demonstrations[task], expert)

    def training(self, method: Method, task: str) -> TrainJob:
        """Return the training of a method."""
        own = method.settings.get(task, ())
        changes = (*dict(self.overrides).get(method.policy, ()), *own)
        name = '-'.join((task, method.policy, *own, self.preset))
        return TrainJob(method.policy, self.data(task), self.preset, self.seeds, changes, name)

    def product(self, method: Method, task: str) -> TrainJob | ExportJob:
        """Return the job whose artifacts are evaluated."""
        training = self.training(method, task)
        if not method.inference:
            return training
        return ExportJob(training, method.inference, '-'.join(method.inference))

    def evaluation(self, method: Method, task: str) -> EvaluateJob:
        """Return the evaluation of a method."""
        return EvaluateJob(self.product(method, task), COLUMNS[task].noise_level, self.episodes)

    def jobs(self) -> list[EvaluateJob]:
        """Return the jobs whose results are the cells."""
        return [self.evaluation(method, task)
                for task in self.tasks for method in self.rows(task)]

    def whole(self) -> 'Table32':
        """Return this table with all tasks that there are and all rows."""
        there = tuple(task for task in COLUMNS if task in catalog.names('task'))
        return replace(self, tasks=there, methods=(*METHODS, *EXTRAS))

    def results(self, place: Workplace) -> 'Results':
        """Return what is stored."""
        return Results(self, place)


@dataclass(frozen=True)
class Results:
    """The stored results of a table; what is missing is left out."""

    table: Table32
    place: Workplace

    @cached_property
    def cells(self) -> dict[tuple[str, str], SeedCell]:
        """Return the cells by task and title of the row."""
        return {(task, method.title): measure_of(task).cell.from_result(stored['result'])
                for task in self.table.tasks for method in self.table.rows(task)
                if (stored := self.table.evaluation(method, task).stored(self.place))}

    @property
    def tasks(self) -> list[str]:
        """Return the tasks that have a cell."""
        return list(dict.fromkeys(task for task, _ in self.cells))

    @property
    def shown(self) -> Table32:
        """Return the table without tasks and rows that have no cell."""
        titles = {title for _, title in self.cells}
        return replace(self.table, tasks=tuple(self.tasks), methods=tuple(
            method for method in self.table.methods if method.title in titles))

    def rows(self, task: str) -> list[Method]:
        """Return the rows of a task that have a cell."""
        return [method for method in self.table.rows(task) if (task, method.title) in self.cells]

    def expert(self, task: str) -> ExpertScore:
        """Return what the demonstrator of a task reached."""
        return measure_of(task).expert(self.table.data(task).result(self.place))

    def gain(self, task: str, method: Method) -> Gain | None:
        """Return by how much DBC is above a row, seed by seed; None for itself or without it."""
        dbc = self.cells.get((task, DBC.title))
        if dbc is None or method is DBC:
            return None
        return dbc.gain(self.cells[task, method.title])

    def baselines(self, task: str) -> list[Method]:
        """Return the dissertation's baselines that have a cell, the best one first."""
        found = [method for method in self.rows(task)
                 if method is not DBC and method.published(task)]
        return sorted(found, key=lambda method: -self.cells[task, method.title].mean)

    def provenance(self) -> Iterator[dict[str, Any]]:
        """Yield the provenance of every result."""
        for task in self.tasks:
            for method in self.rows(task):
                job = self.table.evaluation(method, task)
                for one in (job, job.training, job.training.data):
                    yield one.stored(self.place)['provenance']
