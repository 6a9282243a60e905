"""A cell of a table: success or return of one policy at one noise level over its seeds."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scipy.stats import t

from adapt_learning.benchmarks.job import Workplace
from adapt_learning.evaluation.intervals import SuccessRate, success_rate

if TYPE_CHECKING:
    from adapt_learning.benchmarks.evaluate_job import EvaluateJob


class SeedCell(ABC):
    """What the seeds of one training reached in the same episodes: one number per seed."""

    seeds: tuple[int, ...]
    episodes: int
    """Per seed."""
    bounds: ClassVar[tuple[float, float]] = (-inf, inf)
    """Smallest and largest value that there is."""

    @classmethod
    @abstractmethod
    def from_result(cls, result: Mapping[str, Any]) -> Self:
        """Return the cell of the result of an EvaluateJob."""

    @classmethod
    def from_results(cls, results: Sequence[Mapping[str, Any]]) -> Self:
        """Return the cell of all seeds of several results with the same episodes."""
        first = results[0]
        return cls.from_result({key: list(chain.from_iterable(one[key] for one in results))
                                if isinstance(value, list) else value
                                for key, value in first.items()
                                if all(key in one for one in results)})

    @property
    @abstractmethod
    def values(self) -> tuple[float, ...]:
        """Return the number of every seed."""

    @property
    @abstractmethod
    def pooled_interval(self) -> tuple[float, float] | None:
        """Return the 95 % interval of all episodes of all seeds as one independent sample."""

    @property
    def mean(self) -> float:
        """Return the mean over the seeds."""
        return mean(self.values)

    @property
    def std(self) -> float | None:
        """Return the sample standard deviation over the seeds; None for one seed."""
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """
        Return the 95 % t interval of the mean over the seeds; None for one seed.

        It holds for new seeds in the same episodes. Where all seeds agree it has no width and says
        nothing: there the pooled interval has the word.
        """
        found = t_interval(self.values)
        low, high = self.bounds
        return None if found is None else (max(low, found[0]), min(high, found[1]))

    def gain(self, other: 'SeedCell') -> 'Gain':
        """Return by how much this cell is above another one of the same seeds."""
        return Gain(tuple(a - b for a, b in zip(self.values, other.values, strict=True)))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {'seeds': list(self.seeds), 'episodes_per_seed': self.episodes,
                'per_seed': [round(value, 2) for value in self.values],
                'mean': round(self.mean, 2),
                'std': None if self.std is None else round(self.std, 2),
                't_interval': rounded(self.interval)}

    def __str__(self) -> str:
        """Return e.g. `97.3 ± 1.2 (96/97/99)`."""
        spread = '' if self.std is None else f' ± {self.std:.1f}'
        return f'{self.mean:.1f}{spread} ({"/".join(self._each)})'

    @property
    def _each(self) -> list[str]:
        return [f'{value:.0f}' for value in self.values]


@dataclass(frozen=True)
class Cell(SeedCell):
    """Successes of K seeds in the same episodes; values are rates [%]."""

    bounds: ClassVar[tuple[float, float]] = (0.0, 100.0)

    seeds: tuple[int, ...]
    successes: tuple[int, ...]
    """Per seed."""
    episodes: int

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> Self:
        """Return the cell of the result of an EvaluateJob."""
        return cls(tuple(result['seeds']), tuple(result['successes']), result['episodes'])

    @property
    def values(self) -> tuple[float, ...]:
        """Return the success rate of every seed [%]."""
        return tuple(100 * n / self.episodes for n in self.successes)

    @property
    def pooled(self) -> SuccessRate:
        """
        Return all episodes of all seeds as one sample, with its Wilson interval.

        It takes the episodes for independent. They are not: those of one seed share a network, so
        the interval is too narrow where the seeds differ.
        """
        return success_rate(sum(self.successes), self.episodes * len(self.successes))

    @property
    def pooled_interval(self) -> tuple[float, float]:
        """Return the Wilson interval of `pooled` [%]."""
        pooled = self.pooled
        return 100 * pooled.low, 100 * pooled.high

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; rates are percent."""
        low, high = self.pooled_interval
        return {**super().as_dict(), 'wilson_low': round(low, 2), 'wilson_high': round(high, 2)}

    @property
    def _each(self) -> list[str]:
        return [f'{round(value, 1):g}' for value in self.values]


@dataclass(frozen=True)
class ReturnCell(SeedCell):
    """Returns of K seeds in the same episodes; values are means over the episodes."""

    seeds: tuple[int, ...]
    returns: tuple[tuple[float, ...], ...]
    """Per seed and episode."""

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> Self:
        """Return the cell of the result of an EvaluateJob."""
        return cls(tuple(result['seeds']), tuple(map(tuple, result['returns'])))

    @property
    def episodes(self) -> int:
        """Return the number of episodes per seed."""
        return len(self.returns[0])

    @property
    def values(self) -> tuple[float, ...]:
        """Return the mean return of every seed."""
        return tuple(map(mean, self.returns))

    @property
    def pooled_interval(self) -> tuple[float, float] | None:
        """Return the t interval of all episodes of all seeds as one independent sample."""
        return t_interval(tuple(chain.from_iterable(self.returns)))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**super().as_dict(), 'pooled_interval': rounded(self.pooled_interval)}


@dataclass(frozen=True)
class Gain:
    """
    Differences of two policies, seed by seed.

    Seeds of one number begin with the same weights, see the same batches and are evaluated in the
    same episodes, so what they share is not in the difference.
    """

    per_seed: tuple[float, ...]
    """Percentage points, or units of return."""

    @property
    def mean(self) -> float:
        """Return the mean over the seeds."""
        return mean(self.per_seed)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % t interval of the mean; None for one seed."""
        return t_interval(self.per_seed)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {'per_seed': [round(value, 2) for value in self.per_seed],
                'mean': round(self.mean, 2), 't_interval': rounded(self.interval)}

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


def rounded(ends: tuple[float, float] | None) -> list[float] | None:
    """Return the ends of an interval for JSON."""
    return None if ends is None else [round(end, 2) for end in ends]


def cell_of(job: 'EvaluateJob', place: Workplace) -> Cell | None:
    """Return the cell of an evaluation; None where it has no result yet."""
    stored = job.stored(place)
    if stored is None:
        return None
    return Cell.from_result(stored['result'])
