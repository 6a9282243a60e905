"""Tables 2.3 and 2.4 and figure 2.8 with a small model and simulated evaluators."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from adapt_learning import catalog
from adapt_learning.benchmarks.hero_job import METHODS, HeroJob
from adapt_learning.benchmarks.hero_transfer import transfer_jobs
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.errors import SettingError
from adapt_learning.evaluation.intervals import SuccessRate, success_rate

NAME = 'hero'


@dataclass(frozen=True)
class HeroBench:
    """Methods by prompts by seeds."""

    pipeline: Path
    rules: tuple[str, ...]
    methods: tuple[str, ...] = tuple(METHODS)
    seeds: tuple[int, ...] = (0, 1, 2)
    preset: str = 'cpu'
    samples: int = 200
    overrides: tuple[str, ...] = ()
    command: str = 'adapt bench hero'

    def __post_init__(self):
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown:
            raise SettingError(f'there is no method {unknown[0]}; allowed: {", ".join(METHODS)}')
        for rule in self.rules:
            catalog.load('evaluator', rule)

    def job(self, rule: str, method: str, seed: int) -> HeroJob:
        """Return the job of a cell and seed."""
        return HeroJob(self.pipeline, rule, method, seed, self.preset, self.samples,
                       overrides=self.overrides)

    def jobs(self) -> list[Job]:
        """Return all jobs, those of transfer behind their runs."""
        return [one for seed in self.seeds for rule in self.rules for method in self.methods
                for job in [self.job(rule, method, seed)] for one in (job, *transfer_jobs(job))]


@dataclass(frozen=True)
class HeroCell:
    """A method on a prompt: what all seeds gave that have a result."""

    rule: str
    method: str
    seeds: tuple[int, ...]
    results: tuple[dict[str, Any], ...]

    def of(self, seeds: Collection[int]) -> 'HeroCell':
        """Return the same of some of its seeds."""
        kept = {seed: one for seed, one in zip(self.seeds, self.results, strict=True)
                if seed in seeds}
        return replace(self, seeds=tuple(kept), results=tuple(kept.values()))

    @property
    def pooled(self) -> SuccessRate:
        """Return successes of all seeds together; it ignores that a seed shares one model."""
        return self._rate('successes')

    @property
    def plain(self) -> SuccessRate:
        """Return the same from plain noise: what the weights alone have learnt."""
        return self._rate('plain_successes')

    @property
    def noises(self) -> SuccessRate | None:
        """Return that of the pretrained model from the stored noises; None where it has none."""
        if any('noises_successes' not in one for one in self.results):
            return None
        return self._rate('noises_successes')

    @property
    def variety(self) -> float | None:
        """Return how much the counted pictures of a seed differ; None where it was not counted."""
        found = [one.get('variety') for one in self.results]
        return None if None in found else fmean(found)

    @property
    def curve(self) -> list[float]:
        """Return the share of successes of every round, and of the pictures that were counted."""
        runs = [[*one['curve'], one['successes'] / one['samples']] for one in self.results]
        return [fmean(values) for values in zip(*runs, strict=True)]

    @property
    def seconds(self) -> list[float]:
        """Return how long the job of every seed took [s]; little where its run was in the cache."""
        return [one['seconds'] for one in self.results]

    @property
    def spread(self) -> float | None:
        """Return the standard deviation over the seeds; None for one seed."""
        rates = [one['successes'] / one['samples'] for one in self.results]
        return stdev(rates) if len(rates) > 1 else None

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            'rule': self.rule, 'method': self.method, 'seeds': list(self.seeds),
            'rate': self.pooled.rate, 'low': self.pooled.low, 'high': self.pooled.high,
            'plain_rate': self.plain.rate,
            'noises_rate': None if self.noises is None else self.noises.rate,
            'variety': self.variety, 'deviation': self.spread, 'curve': self.curve,
            'answers': self.results[0]['answers']}

    def _rate(self, name: str) -> SuccessRate:
        return success_rate(sum(one[name] for one in self.results),
                            sum(one['samples'] for one in self.results))


def cells_of(table: HeroBench, place: Workplace) -> dict[tuple[str, str], HeroCell]:
    """Return the cells by rule and method, of all methods that have a result."""
    found = {}
    for rule in table.rules:
        for method in METHODS:
            stored = {seed: {**one['result'], 'seconds': one['provenance']['seconds']}
                      for seed in table.seeds
                      if (one := table.job(rule, method, seed).stored(place)) is not None}
            if stored:
                found[rule, method] = HeroCell(rule, method, tuple(stored),
                                               tuple(stored.values()))
    return found


def answers_needed(cell: HeroCell, level: float, pictures: int) -> int | None:
    """Return after how many answers a method first reached a level; None where it never did."""
    return next((number * pictures for number, rate in enumerate(cell.curve) if rate >= level),
                None)
