"""What is measured of checkpoints without a simulator, beside their success."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.stats import rankdata

from adapt_learning import catalog
from adapt_learning.benchmarks.checkpoint_jobs import EvaluateStepJob, KeepingTrainJob
from adapt_learning.benchmarks.checkpoints_picture import draw
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.page import store_page
from adapt_learning.evaluation.intervals import SuccessRate, success_rate
from adapt_learning.stacked.loop import BLOCK

MEASURES = {'validation_loss': 'validation loss', 'unlikeness': 'unlikeness'}
"""What is measured without a simulator: name and title; of both, less is better."""
_RESAMPLES = 2000
_NOTE = """\
One training, looked at after every {every} updates. *Validation loss*: mean square error of the
actions on the held-out episodes. *Unlikeness*: noise-prediction error, by a diffusion model of the
demonstrations, of the policy's actions on the held-out states; the demonstrator's is 1. *Success*:
{episodes} episodes per checkpoint at noise level {level:g}, the same for all, with the 95 % Wilson
interval. *Rank correlation*: Spearman's between a measure, less being better, and success over the
checkpoints of a seed (1: the order is the same), with a 95 % bootstrap interval over the
checkpoints; checkpoints of one training depend on each other, so the interval is too narrow.
*Chosen*: success of the checkpoint that the measure would take.
"""


@dataclass(frozen=True)
class Checkpoints:
    """A policy that learns from a few demonstrations."""

    name: ClassVar[str] = 'checkpoints'

    task: str = 'fetch_pick'
    policy: str = 'bc'
    demonstrations: int = 30
    noise_level: float = 1.25
    every: int = 512
    count: int = 8
    """Checkpoints; the training has every x count updates."""
    seeds: tuple[int, ...] = (0,)
    episodes: int = 50
    overrides: tuple[str, ...] = ()
    """Changed settings of the policy or, as judge.KEY, of the judge."""

    @property
    def command(self) -> str:
        """Return the command line that makes this table."""
        return (f'adapt bench checkpoints --task {self.task} --policy {self.policy} '
                f'--demonstrations {self.demonstrations} --noise-level {self.noise_level:g} '
                f'--every {self.every} --count {self.count} '
                f'--seeds {",".join(map(str, self.seeds))} --episodes {self.episodes}'
                + ''.join(f' --set {override}' for override in self.overrides))

    @property
    def training(self) -> KeepingTrainJob:
        """Return the training."""
        data = CollectJob(self.task, self.demonstrations, '')
        name = f'{self.policy}-{self.task}{self.demonstrations}-every{self.every}'
        return KeepingTrainJob(
            self.policy, data, 'cpu', self.seeds,
            (f'optimization.steps={self.every * self.count}', *self.overrides), name, self.every)

    @property
    def steps(self) -> list[int]:
        """Return the steps that are kept: the loop looks every BLOCK updates."""
        last = self.every * self.count
        return [min(-(-self.every * i // BLOCK) * BLOCK, last) for i in range(1, self.count + 1)]

    def check(self) -> None:
        """Raise UserError for a name or setting that does not exist, before anything is written."""
        catalog.load('task', self.task)
        self.training.check()

    def jobs(self) -> list[EvaluateStepJob]:
        """Return the evaluation of every checkpoint."""
        return [EvaluateStepJob(self.training, self.noise_level, self.episodes, step=step)
                for step in self.steps]


@dataclass(frozen=True)
class Point:
    """One checkpoint of one seed."""

    seed: int
    step: int
    validation_loss: float
    unlikeness: float
    success: SuccessRate

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; success is percent."""
        return {'seed': self.seed, 'step': self.step, 'validation_loss': self.validation_loss,
                'unlikeness': self.unlikeness, 'success': round(100 * self.success.rate, 2),
                'wilson_low': round(100 * self.success.low, 2),
                'wilson_high': round(100 * self.success.high, 2)}


def points(table: Checkpoints, place: Workplace) -> list[Point]:
    """Return all checkpoints, seed by seed; all jobs must have their results."""
    trained = {(one['seed'], one['step']): one
               for one in table.training.result(place)['steps']}
    found = []
    for number, seed in enumerate(table.seeds):
        for job in table.jobs():
            one = trained[seed, job.step]
            loss, = (value for name, value in one.items() if name.endswith('_validation_loss'))
            success = success_rate(job.result(place)['successes'][number], table.episodes)
            found.append(Point(seed, job.step, loss, one['held_out_unlikeness'], success))
    return found


@dataclass(frozen=True)
class Ranking:
    """How well a measure orders the checkpoints of one seed."""

    seed: int
    measure: str
    correlation: float | None
    """Spearman's, 1: as success does; None where success does not differ."""
    interval: tuple[float, float] | None
    chosen: Point


def rankings(found: list[Point]) -> list[Ranking]:
    """Return every measure's ranking of every seed."""
    rows = []
    for seed in sorted({point.seed for point in found}):
        mine = [point for point in found if point.seed == seed]
        success = np.array([point.success.rate for point in mine])
        for measure in MEASURES:
            values = -np.array([getattr(point, measure) for point in mine])
            rows.append(Ranking(seed, measure, _correlation(values, success),
                                _interval(values, success), mine[int(values.argmax())]))
    return rows


def write_table(table: Checkpoints, place: Workplace) -> Path:
    """Write checkpoints-TASK.json, .md and .png beside the results."""
    found = points(table, place)
    ranks = rankings(found)
    folder, name = place.results.parent, f'{table.name}-{table.task}'
    draw(folder / f'{name}.png', table, found, ranks)
    return store_page(folder, name, {
        'table': table.name, 'command': table.command,
        'settings': asdict(table),
        'training': {'command': table.training.command, 'key': table.training.key(place)},
        'dataset': table.training.data.stored(place)['result'],
        'points': [point.as_dict() for point in found],
        'rankings': [{'seed': one.seed, 'measure': one.measure, 'correlation': one.correlation,
                      'interval': one.interval, 'chosen_step': one.chosen.step,
                      'chosen_success': round(100 * one.chosen.success.rate, 2)}
                     for one in ranks]}, '\n'.join(_markdown(table, found, ranks, place)))


def _markdown(table: Checkpoints, found: list[Point], ranks: list[Ranking],
              place: Workplace) -> Iterator[str]:
    yield '# Choosing a checkpoint without a simulator\n'
    yield (f'`{table.command}`, made from the files in {table.name}/; nothing is typed by hand.\n')
    yield _NOTE.format(every=table.every, episodes=table.episodes, level=table.noise_level)
    yield f'![Success over both measures]({table.name}-{table.task}.png)\n'
    yield '| seed | updates | validation loss | unlikeness | success [%] | Wilson |'
    yield '|---' * 6 + '|'
    for one in found:
        yield (f'| {one.seed} | {one.step} | {one.validation_loss:.4g} | {one.unlikeness:.4f} | '
               f'{100 * one.success.rate:.1f} | {100 * one.success.low:.1f}-'
               f'{100 * one.success.high:.1f} |')
    yield '\n| seed | measure | rank correlation with success | interval | chosen | best there is |'
    yield '|---' * 6 + '|'
    for one in ranks:
        best = 100 * max(point.success.rate for point in found if point.seed == one.seed)
        yield (f'| {one.seed} | {MEASURES[one.measure]} | {said(one.correlation)} | '
               f'{" to ".join(map(said, one.interval)) if one.interval else "-"} | '
               f'{100 * one.chosen.success.rate:.1f} % after {one.chosen.step} | {best:.1f} % |')
    stored = table.training.stored(place)
    machine = stored['provenance']
    yield (f'\n{table.demonstrations} demonstrations, {stored["result"]["pairs"]} pairs to learn '
           f'from; trained in {stored["result"]["train_s"]:.0f} s, other programs beside it, '
           f'{machine["processor"]}; code {machine["code_version"]}.\n')


def said(value: float | None) -> str:
    """Return a correlation for people."""
    return '-' if value is None else f'{value:+.2f}'


def _correlation(values: np.ndarray, success: np.ndarray) -> float | None:
    found = float(_spearman(values, success))
    return None if np.isnan(found) else round(found, 4)


def _interval(values: np.ndarray, success: np.ndarray) -> tuple[float, float] | None:
    """Return the 95 % percentile bootstrap interval over the checkpoints."""
    rows = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    found = _spearman(values[rows], success[rows])
    found = found[~np.isnan(found)]
    if len(found) < _RESAMPLES / 2:
        return None
    low, high = np.quantile(found, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def _spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation over the last axis; NaN where one side is constant."""
    ranks = [rankdata(side, axis=-1) for side in (first, second)]
    first, second = (rank - rank.mean(-1, keepdims=True) for rank in ranks)
    with np.errstate(invalid='ignore'):
        return (first * second).sum(-1) / np.sqrt((first**2).sum(-1) * (second**2).sum(-1))
