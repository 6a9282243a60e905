"""How long an inference takes, as a multiple of a pass through BC in the same run.

Absolute times are those of one machine in one hour; a ratio of neighbours in time means something
elsewhere, too.
"""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from adapt_learning.benchmarks.export_job import ExportJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.train_job import TrainJob
from adapt_learning.frames import load_contract
from adapt_learning.runtime import InferencePolicy, load_policy

_ROUNDS, _PASSES = 40, 5
"""In every round each policy is asked so often, one policy after the other."""


@dataclass(frozen=True)
class LatencyJob(Job):
    """Measure exports of one task beside a training of BC, in turns."""

    kind = 'latency'

    baseline: TrainJob
    exports: tuple[ExportJob, ...]
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
        return 'adapt bench samplers'

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return 30.0

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return what is measured and how."""
        return {'baseline': self.baseline.key(place), 'rounds': _ROUNDS, 'passes': _PASSES,
                'exports': [job.key(place) for job in self.exports]}

    def has_product(self, place: Workplace) -> bool:
        """Return True: nobody needs more than the result."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Measure the first seed of each: the others are of the same size."""
        policies = [load_policy(job.artifacts(place)[0])
                    for job in (self.baseline, *self.exports)]
        size = load_contract(self.baseline.data.origin.task).observation_spec.size
        first, *others = medians(policies, size)
        return {
            'baseline_us': round(1e6 * median(first), 1),
            'exports': {job.label: {
                'p50_us': round(1e6 * median(one), 1),
                'ratio': round(median(a / b for a, b in zip(one, first, strict=True)), 2)}
                for job, one in zip(self.exports, others, strict=True)}}


def medians(policies: list[InferencePolicy], size: int) -> list[list[float]]:
    """Return the median time of an inference [s] in every round, per policy; size: S."""
    observations = np.random.default_rng(0).standard_normal((_PASSES, size)).astype(np.float32)
    for policy in policies:
        policy.act(observations[0])
    found: list[list[float]] = [[] for _ in policies]
    for _ in range(_ROUNDS):
        for policy, times in zip(policies, found, strict=True):
            times.append(median(_seconds(policy, row) for row in observations))
    return found


def _seconds(policy: InferencePolicy, observation: np.ndarray) -> float:
    began_s = time.perf_counter()
    policy.act(observation)
    return time.perf_counter() - began_s
