"""
Cross-entropy search (Rubinstein 1999) for a gait: a few numbers that move many joints in a rhythm.

Gaits are drawn from a normal distribution, tried from some starts, and the distribution moves to
the best of them. A hand that turns a block needs some sixty iterations where methods that learn
actions step by step take millions of steps.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from adapt_learning.data.files import read_json, write_json
from adapt_learning.errors import SettingError
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.base import Task
from adapt_learning.tasks.gait import Gait
from adapt_learning.trainers.search_state import SearchState, check_minutes

_KEEP = 0.3
"""Share of the old mean in the new one."""
_KEEP_SPREAD = 0.4
_START_SPREAD = (0.5, 1.5)
"""Standard deviation at the begin of centers, swings and frequency, and of phases."""
_LEAST_SPREAD = 0.03


@dataclass(frozen=True)
class GaitSearchConfig:
    """Settings of the search."""

    samples: int = 40
    """Gaits per iteration."""
    best: int = 8
    """So many of them count."""
    starts: int = 4
    """Starts from which each gait is tried; drawn anew for each iteration."""

    def __post_init__(self):
        if not 2 <= self.best <= self.samples or self.starts < 1:
            raise SettingError('2 <= best <= samples and starts >= 1; got '
                               f'{self.best}, {self.samples} and {self.starts}')


@dataclass(frozen=True)
class GaitSearchProgress:
    """Where a search stands."""

    iteration: int
    seconds: float
    """Of this call."""
    score: float
    """Of the best gait of this iteration."""


def search_gait(task: str, out: str | Path, minutes: float,
                config: GaitSearchConfig | None = None, seed: int = 0,
                progress: Callable[[GaitSearchProgress], None] = lambda now: None) -> Gait:
    """
    Search for so many minutes and write the mean gait to `out` (JSON) after each iteration.

    `out`.search.json beside it holds the state: the same command goes on from there. Raises
    SettingError for a task without gaits.
    """
    config, out = config or GaitSearchConfig(), Path(out)
    check_minutes(minutes)
    simulation = make_task(task)
    try:
        if not hasattr(simulation, 'score_gaits'):
            raise SettingError(f'a gait search needs a task with `score_gaits`; {task} has none')
        return _search(simulation, out, minutes, config, seed, progress)
    finally:
        simulation.close()


def _search(simulation: Task, out: Path, minutes: float, config: GaitSearchConfig, seed: int,
            progress: Callable[[GaitSearchProgress], None]) -> Gait:
    task = simulation.spec_.name
    wanted = {'task': task, 'seed': seed, **asdict(config)}
    state = SearchState(out, wanted)
    iteration, mean, spread = _begin(state, simulation.action_space.shape[0])
    began_s = time.monotonic()
    while (spent_s := time.monotonic() - began_s) < 60 * minutes:
        random = np.random.default_rng([seed, iteration])
        gaits = mean + spread * random.standard_normal((config.samples, len(mean)))
        gaits[0] = mean
        scores = simulation.score_gaits(gaits, random.integers(2**31, size=config.starts))
        best = gaits[np.argsort(-scores)[:config.best]]
        mean = _KEEP * mean + (1 - _KEEP) * best.mean(0)
        spread = np.maximum(_KEEP_SPREAD * spread + (1 - _KEEP_SPREAD) * best.std(0),
                            _LEAST_SPREAD)
        iteration += 1
        gait = Gait.from_vector(mean, {
            'method': 'cross-entropy search',
            'command': f'adapt gait {task} --out FILE --seed {seed} --samples {config.samples} '
                       f'--best {config.best} --starts {config.starts}',
            **wanted, 'iterations': iteration})
        write_json(out, gait.as_dict())
        state.save({'iteration': iteration, 'mean': mean.tolist(), 'spread': spread.tolist()})
        progress(GaitSearchProgress(iteration, spent_s, float(scores.max())))
    return Gait.from_dict(read_json(out, 'search again'))


def _begin(state: SearchState, actuators: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Return iteration, mean and spread: of the interrupted search, or at the begin."""
    found = state.load()
    if found is None:
        some, much = _START_SPREAD
        return 0, np.zeros(3 * actuators + 1), np.array(
            [some] * 2 * actuators + [much] * actuators + [2 * some])
    return found['iteration'], np.array(found['mean']), np.array(found['spread'])
