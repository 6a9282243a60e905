"""Measuring how multimodal the demonstrations of a task are."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from adapt_learning.benchmarks.data_job import DataJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.multimodality import CLUSTERS, majority, normalized
from adapt_learning.data import load_dataset

SCALES = {'normalised': normalized, 'raw': np.asarray}
_SECONDS_PER_EPISODE_AND_SEED = 0.1


@dataclass(frozen=True)
class MultimodalityJob(Job):
    """Cluster one dataset several times, normalised and raw."""

    kind = 'multimodality'

    data: DataJob
    seeds: tuple[int, ...]
    clusters: int = CLUSTERS

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the job that makes the data."""
        return (self.data,)

    @property
    def label(self) -> str:
        """Return the task."""
        return self.data.origin.task

    @property
    def command(self) -> str:
        """Return the command line that does the same."""
        return (f'adapt bench table-3.1 --tasks {self.label} --seeds '
                f'{",".join(map(str, self.seeds))}')

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return _SECONDS_PER_EPISODE_AND_SEED * self.data.origin.episodes * len(self.seeds)

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hash of the data and how they are clustered."""
        return {'dataset': self.data.result(place)['dataset'], 'seeds': list(self.seeds),
                'clusters': self.clusters}

    def has_product(self, place: Workplace) -> bool:
        """Return True: nobody needs more than the result."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Cluster."""
        dataset = load_dataset(self.data.folder(place))
        return {'pairs': dataset.steps, 'episodes': len(dataset), **{
            name: [asdict(majority(*map(scale, dataset.pairs()), seed, self.clusters))
                   for seed in self.seeds] for name, scale in SCALES.items()}}
