"""A chain of jobs that write down that they ran."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from adapt_learning.benchmarks.job import Job, Workplace


@dataclass(frozen=True)
class Make(Job):
    """Makes a file that others use."""

    kind = 'make'
    name: str
    number: int = 1
    after: tuple[Job, ...] = ()
    fails: bool = False
    deaths: int = 0
    """So often the process of the job is killed in the middle of it."""

    @property
    def needs(self):
        return self.after

    @property
    def label(self):
        return self.name

    @property
    def command(self):
        return f'make {self.name}'

    @property
    def cost(self):
        return self.number

    def inputs(self, place: Workplace):
        return {'number': self.number, 'after': [job.result(place)['value'] for job in self.after]}

    def product(self, place: Workplace) -> Path:
        return place.cache / f'{self.name}.txt'

    def has_product(self, place):
        return self.product(place).is_file()

    def run(self, place):
        if self.fails:
            raise RuntimeError(f'{self.name} fails')
        with open(place.cache / 'ran.log', 'a') as log:
            log.write(f'{self.name}\n')
        died = len(list(place.cache.glob(f'{self.name}.died-*')))
        if died < self.deaths:
            (place.cache / f'{self.name}.died-{died}').touch()
            os.kill(os.getpid(), signal.SIGKILL)
        values = [int(job.product(place).read_text()) for job in self.after]
        value = self.number + sum(values)
        self.product(place).write_text(str(value))
        return {'value': value}


def ran(place: Workplace) -> list[str]:
    """Return the names of the jobs in the order in which they ran."""
    log = place.cache / 'ran.log'
    return log.read_text().split() if log.is_file() else []
