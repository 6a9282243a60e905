"""Samplers: steps of diffusion policy and flow matching against success and latency.

Each policy is trained once per length of chunk; the number of steps is a setting of inference, so
the trained one is exported again for each.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from adapt_learning import catalog
from adapt_learning.benchmarks.cells import Cell, cell_of
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.evaluate_job import EvaluateJob
from adapt_learning.benchmarks.export_job import ExportJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.latency_job import LatencyJob
from adapt_learning.benchmarks.train_job import TrainJob
from adapt_learning.data.chunk import Chunk
from adapt_learning.trainers.presets import resolve

NAME = 'samplers'
PRESETS = ('cpu', 'paper')


@dataclass(frozen=True)
class Scene:
    """A task of the comparison: data and evaluation as in table 3.2."""

    demonstrations: int
    noise_level: float


SCENES: Mapping[str, Scene] = MappingProxyType({
    'maze': Scene(100, 1.0), 'fetch_pick': Scene(303, 1.25)})
CHUNKS = (Chunk(1, 1), Chunk(8, 4))


@dataclass(frozen=True)
class Sampler:
    """How a policy gets from noise to actions."""

    policy: str
    title: str
    settings: tuple[str, ...] = ()
    steps: tuple[int, ...] = ()
    """Numbers of steps to compare; empty: all that the noise schedule has."""


SAMPLERS = (
    Sampler('diffusion_policy', 'DDIM', ('sampler=ddim',), (1, 2, 5, 10, 20)),
    Sampler('diffusion_policy', 'DDPM', ('sampler=ddpm',)),
    Sampler('flow_matching', 'Euler', (), (1, 2, 5, 10)),
)


@dataclass(frozen=True)
class Row:
    """One line of the table: a sampler with a number of steps, and a chunk."""

    task: str
    sampler: Sampler
    steps: int
    chunk: Chunk
    evaluation: EvaluateJob

    @property
    def export(self) -> ExportJob:
        """Return what is evaluated."""
        return self.evaluation.training


@dataclass(frozen=True)
class SamplerTable:
    """The comparison for one preset."""

    tasks: tuple[str, ...] = tuple(SCENES)
    preset: str = 'cpu'
    seeds: tuple[int, ...] = (0, 1, 2)
    episodes: int = 100
    samplers: tuple[Sampler, ...] = SAMPLERS
    chunks: tuple[Chunk, ...] = CHUNKS
    overrides: tuple[str, ...] = ()
    """Changed settings of all trainings (tests use tiny networks)."""
    demonstrations: Mapping[str, int] = field(default_factory=dict)
    """Other numbers of demonstrations per task."""

    @property
    def command(self) -> str:
        """Return the command line that makes this table."""
        return (f'adapt bench {NAME} --tasks {",".join(self.tasks)} --preset {self.preset} --seeds '
                f'{",".join(map(str, self.seeds))} --episodes {self.episodes}')

    @property
    def whole(self) -> 'SamplerTable':
        """Return this table for all tasks: what may be stored beside it."""
        return replace(self, tasks=tuple(SCENES))

    def training(self, task: str, policy: str, chunk: Chunk | None = None) -> TrainJob:
        """Return the training of a policy."""
        data = CollectJob(task, self.demonstrations.get(task, SCENES[task].demonstrations), '')
        name, overrides = f'{policy}-{data.label}-{self.preset}', self.overrides
        if chunk is not None:
            name += f'-chunk{chunk.length}'
            overrides += tuple(f'chunk.{key}={value}' for key, value in asdict(chunk).items())
        return TrainJob(policy, data, self.preset, self.seeds, overrides, name)

    def baseline(self, task: str) -> EvaluateJob:
        """Return the evaluation of BC."""
        return EvaluateJob(self.training(task, 'bc'), SCENES[task].noise_level, self.episodes)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Return all rows."""
        return tuple(self._row(task, sampler, steps, chunk)
                     for task in self.tasks for sampler in self.samplers
                     for chunk in self.chunks for steps in self._steps(task, sampler))

    def latency(self, task: str) -> LatencyJob:
        """Return the measurement of all rows of a task; it runs when nothing else is left to."""
        rows = [row for row in self.rows if row.task == task]
        return LatencyJob(self.training(task, 'bc'), tuple(row.export for row in rows),
                          replace(self, tasks=(task,)).command,
                          tuple(row.evaluation for row in rows))

    def jobs(self) -> list[Job]:
        """Return the jobs whose results are the table."""
        return [*(row.evaluation for row in self.rows),
                *(job for task in self.tasks for job in (self.baseline(task), self.latency(task)))]

    def _steps(self, task: str, sampler: Sampler) -> tuple[int, ...]:
        if sampler.steps:
            return sampler.steps
        kind = catalog.load('policy', sampler.policy).Config
        return (resolve(kind, task, sampler.policy, self.preset, self.overrides)[0].schedule.steps,)

    def _row(self, task: str, sampler: Sampler, steps: int, chunk: Chunk) -> Row:
        export = ExportJob(self.training(task, sampler.policy, chunk),
                           (*sampler.settings, f'inference_steps={steps}'),
                           f'{sampler.title.lower()}{steps}')
        return Row(task, sampler, steps, chunk,
                   EvaluateJob(export, SCENES[task].noise_level, self.episodes))


@dataclass(frozen=True)
class Measured:
    """A row with its results."""

    row: Row | None
    """None: BC, to compare with."""
    cell: Cell
    ratio: float | None
    """p50 of an inference, in passes through BC; None where it is not measured yet."""

    @property
    def ratio_per_tick(self) -> float | None:
        """Return the inferences' share of a tick, in passes through BC."""
        executed = self.row.chunk.executed if self.row else 1
        return None if self.ratio is None else self.ratio / executed

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        said = {'policy': 'bc'} if self.row is None else {
            'policy': self.row.sampler.policy, 'sampler': self.row.sampler.title,
            'steps': self.row.steps, 'chunk': asdict(self.row.chunk),
            'commands': [self.row.export.training.command, self.row.export.command,
                         self.row.evaluation.command]}
        return {**said, **self.cell.as_dict(), 'inference_in_bc_passes': self.ratio,
                'per_tick_in_bc_passes': self.ratio_per_tick}


def measured(table: SamplerTable, task: str, place: Workplace) -> list[Measured]:
    """Return BC and the rows of a task that have results, in the order of the table."""
    latency = (table.latency(task).stored(place) or {}).get('result', {}).get('exports', {})
    found = [Measured(None, cell_of(table.baseline(task), place), 1.0 if latency else None)]
    found += [Measured(row, cell_of(row.evaluation, place),
                       latency.get(row.export.label, {}).get('ratio'))
              for row in table.rows if row.task == task]
    return [one for one in found if one.cell is not None]
