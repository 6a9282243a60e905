"""Demonstrations with pollution of a known kind."""

from dataclasses import dataclass
from typing import Any

from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.data_job import DataJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.data import load_dataset, save_dataset
from adapt_learning.data.pollution import SIDES, column, corrupt


@dataclass(frozen=True)
class PolluteJob(DataJob):
    """Pollute a dataset."""

    kind = 'pollute'

    data: CollectJob
    pollution: str = 'gaussian'
    p: float = 0.2
    sigma: float = 1.0
    seed: int = 0

    @property
    def origin(self) -> CollectJob:
        """Return who collected."""
        return self.data

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the clean data."""
        return (self.data,)

    @property
    def label(self) -> str:
        """Return e.g. fetch_pick-smooth303-gaussian0.2-0."""
        return f'{self.data.task}-{self.data.label}-{self.pollution}{self.p:g}-{self.seed}'

    @property
    def command(self) -> str:
        """Return the command line that pollutes the same."""
        return (f'adapt data corrupt DATA --kind {self.pollution} --p {self.p:g} --sigma '
                f'{self.sigma:g} --seed {self.seed} --out NOISY')

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return 2.0

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hash of the clean data and the settings."""
        return {'dataset': self.data.result(place)['dataset'], 'pollution': self.pollution,
                'p': self.p, 'sigma': self.sigma, 'seed': self.seed}

    def run(self, place: Workplace) -> dict[str, Any]:
        """Pollute; a dataset that is there already is only read."""
        folder = self.folder(place)
        if not self.has_product(place):
            self.make_room(place)
            save_dataset(folder, corrupt(load_dataset(self.data.folder(place)), self.pollution,
                                         self.p, self.sigma, self.seed))
        dataset = load_dataset(folder)
        return {'dataset': dataset.hash, 'episodes': len(dataset), 'steps': dataset.steps,
                'polluted': {side: sum(int(e.extras[column(side)].sum()) for e in dataset)
                             / dataset.steps for side in SIDES}}
