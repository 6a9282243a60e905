"""Demonstrations by the task's expert."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from adapt_learning import catalog
from adapt_learning.benchmarks.data_job import DataJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.data import load_dataset
from adapt_learning.evaluation.collect import CollectPlan, collect

_STEP_S = 5e-4
"""Of simulation and expert, for the order of jobs."""


@dataclass(frozen=True)
class CollectJob(DataJob):
    """Collect a dataset."""

    kind = 'collect'

    task: str
    episodes: int
    expert: str
    seed: int = 0
    noise_level: float = 1.0

    @property
    def plan(self) -> CollectPlan:
        """Return what `adapt collect` would be asked for."""
        return CollectPlan(self.task, self.episodes, self.seed, self.noise_level, self.expert)

    @property
    def origin(self) -> 'CollectJob':
        """Return this."""
        return self

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return nothing: data come first."""
        return ()

    @property
    def label(self) -> str:
        """Return e.g. smooth303."""
        return f'{self.expert or self.task}{self.episodes}'

    @property
    def command(self) -> str:
        """Return the command line that collects the same."""
        return f'{self.plan.command} --out DATA'

    @property
    def cost(self) -> float:
        """Return seconds, roughly: as if every episode went to the limit."""
        return _STEP_S * self.episodes * catalog.load('task', self.task).spec_.max_steps

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the plan."""
        return asdict(self)

    def run(self, place: Workplace) -> dict[str, Any]:
        """Collect; a dataset that is there already is only read."""
        folder = self.folder(place)
        if self.has_product(place):
            dataset = load_dataset(folder)
        else:
            self.make_room(place)
            dataset = collect(self.plan, folder, jobs=1)
        returns = [float(episode.reward.sum(dtype=np.float64)) for episode in dataset]
        return {'dataset': dataset.hash, 'episodes': len(dataset), 'steps': dataset.steps,
                'mean_return': float(np.mean(returns)), 'std_return': float(np.std(returns)),
                'attempts': dataset.meta['attempts'], 'failed': dataset.meta['failed']}
