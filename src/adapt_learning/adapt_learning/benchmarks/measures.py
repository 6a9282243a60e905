"""What a table reports of a task: success or return, by `TaskSpec.measure`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from adapt_learning import catalog
from adapt_learning.benchmarks.cells import Cell, ReturnCell, SeedCell
from adapt_learning.evaluation.intervals import success_rate


@dataclass(frozen=True)
class ExpertScore:
    """What the demonstrator reached while the demonstrations were collected."""

    mean: float
    """In the measure's unit."""
    text: str
    """For people, with its spread."""


@dataclass(frozen=True)
class Measure:
    """How evaluations and demonstrations of a task become numbers of a table."""

    title: str
    """For the head of a column, with the unit."""
    cell: type[SeedCell]
    expert: Callable[[Mapping[str, Any]], ExpertScore]
    """Takes the result of a CollectJob."""


def measure_of(task: str) -> Measure:
    """Return the measure of a task."""
    return MEASURES[catalog.load('task', task).spec_.measure]


def _success_of_attempts(collected: Mapping[str, Any]) -> ExpertScore:
    """Return the share of attempts that succeeded; failed ones are not in the demonstrations."""
    attempts = collected['attempts']
    rate = success_rate(attempts - collected['failed'], attempts)
    return ExpertScore(100 * rate.rate, f'success in {rate} attempts')


def _return_of_demonstrations(collected: Mapping[str, Any]) -> ExpertScore:
    """Return the mean return of the demonstrations; attempts that were no success are not in it."""
    mean, std = collected['mean_return'], collected['std_return']
    return ExpertScore(mean, f'return {mean:.1f} ± {std:.1f} over {collected["episodes"]} '
                             f'demonstrations, {collected["failed"]} of {collected["attempts"]} '
                             'attempts left out')


MEASURES: Mapping[str, Measure] = MappingProxyType({
    'success': Measure('success [%]', Cell, _success_of_attempts),
    'return': Measure('return', ReturnCell, _return_of_demonstrations)})
