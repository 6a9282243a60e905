"""How long an inference takes, as a multiple of a pass through BC in the same run.

Absolute times are those of one machine in one hour; a ratio of neighbours in time means something
elsewhere, too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from adapt_learning.benchmarks.export_job import ExportJob
from adapt_learning.benchmarks.inference_time import inference_seconds
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.train_job import TrainJob
from adapt_learning.frames import load_contract
from adapt_learning.runtime import load_policy

_CALLS = 200
"""Of every policy."""


@dataclass(frozen=True)
class LatencyJob(Job):
    """Measure exports of one task beside a training of BC, in turns."""

    kind = 'latency'

    baseline: TrainJob
    exports: tuple[ExportJob, ...]
    table: str
    """The command line of the table that it belongs to."""
    after: tuple[Job, ...] = ()
    """What runs before, so that nothing of the same table disturbs the measurement."""

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return all that is measured, and what comes before."""
        return (self.baseline, *self.exports, *self.after)

    @property
    def label(self) -> str:
        """Return e.g. maze-cpu."""
        return f'{self.baseline.data.origin.task}-{self.baseline.preset}'

    @property
    def command(self) -> str:
        """Return the command line that measures this."""
        return self.table

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return 30.0

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return what is measured and how."""
        return {'baseline': self.baseline.key(place), 'calls': _CALLS,
                'exports': [job.key(place) for job in self.exports]}

    def has_product(self, place: Workplace) -> bool:
        """Return True: nobody needs more than the result."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Measure the first seed of each: the others are of the same size."""
        policies = [load_policy(job.artifacts(place)[0])
                    for job in (self.baseline, *self.exports)]
        size = load_contract(self.baseline.data.origin.task).observation_spec.size
        observations = np.random.default_rng(0).standard_normal((_CALLS, size)).astype(np.float32)
        first, *others = inference_seconds([policy.act for policy in policies], observations)
        return {
            'baseline_us': round(1e6 * float(np.median(first)), 1),
            'exports': {job.label: {
                'p50_us': round(1e6 * float(np.median(one)), 1),
                'ratio': round(float(np.median(one / first)), 2)}
                for job, one in zip(self.exports, others, strict=True)}}
