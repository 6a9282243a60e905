"""A cell of a table: success of one policy at one noise level over its seeds."""

from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from scipy.stats import t

from adapt_learning.benchmarks.evaluate_job import EvaluateJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.evaluation.intervals import SuccessRate, success_rate


@dataclass(frozen=True)
class Cell:
    """Successes of K seeds in the same episodes."""

    seeds: tuple[int, ...]
    successes: tuple[int, ...]
    """Per seed."""
    episodes: int
    """Per seed."""

    @property
    def rates(self) -> tuple[float, ...]:
        """Return the success rate of every seed [%]."""
        return tuple(100 * n / self.episodes for n in self.successes)

    @property
    def mean(self) -> float:
        """Return the mean over the seeds [%]."""
        return mean(self.rates)

    @property
    def std(self) -> float | None:
        """Return the sample standard deviation over the seeds [%]; None for one seed."""
        return stdev(self.rates) if len(self.rates) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """
        Return the 95 % t interval of the mean over the seeds [%]; None for one seed.

        It holds for new seeds in the same episodes. Where all seeds agree it has no width and says
        nothing: there `pooled` has the word.
        """
        found = t_interval(self.rates)
        return None if found is None else (max(0.0, found[0]), min(100.0, found[1]))

    @property
    def pooled(self) -> SuccessRate:
        """
        Return all episodes of all seeds as one sample, with its Wilson interval.

        It takes the episodes for independent. They are not: those of one seed share a network, so
        the interval is too narrow where the seeds differ.
        """
        return success_rate(sum(self.successes), self.episodes * len(self.successes))

    def gain(self, other: 'Cell') -> 'Gain':
        """Return by how much this cell is above another one of the same seeds."""
        return Gain(tuple(a - b for a, b in zip(self.rates, other.rates, strict=True)))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; rates are percent."""
        pooled = self.pooled
        return {'seeds': list(self.seeds), 'episodes_per_seed': self.episodes,
                'per_seed': [round(rate, 2) for rate in self.rates],
                'mean': round(self.mean, 2),
                'std': None if self.std is None else round(self.std, 2),
                't_interval': None if self.interval is None else [
                    round(end, 2) for end in self.interval],
                'wilson_low': round(100 * pooled.low, 2),
                'wilson_high': round(100 * pooled.high, 2)}

    def __str__(self) -> str:
        """Return e.g. `97.3 ± 1.2 (96/97/99)`."""
        spread = '' if self.std is None else f' ± {self.std:.1f}'
        return f'{self.mean:.1f}{spread} ({"/".join(f"{rate:g}" for rate in self.rates)})'


@dataclass(frozen=True)
class Gain:
    """
    Differences of two policies, seed by seed.

    Seeds of one number begin with the same weights, see the same batches and are evaluated in the
    same episodes, so what they share is not in the difference.
    """

    per_seed: tuple[float, ...]
    """Percentage points."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % t interval of the mean [percentage points]; None for one seed."""
        return t_interval(self.per_seed)

    def __str__(self) -> str:
        """Return e.g. `-4.7 ± 3.1`: mean and sample standard deviation."""
        spread = f' ± {stdev(self.per_seed):.1f}' if len(self.per_seed) > 1 else ''
        return f'{mean(self.per_seed):+.1f}{spread}'


def t_interval(values: tuple[float, ...]) -> tuple[float, float] | None:
    """Return the 95 % t interval of the mean of values; None for fewer than two."""
    if len(values) < 2:
        return None
    half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return mean(values) - half, mean(values) + half


def cell_of(job: EvaluateJob, place: Workplace) -> Cell | None:
    """Return the cell of an evaluation; None where it has no result yet."""
    stored = job.stored(place)
    if stored is None:
        return None
    result = stored['result']
    return Cell(tuple(result['seeds']), tuple(result['successes']), result['episodes'])
