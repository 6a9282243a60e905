"""
Augmented Random Search (Mania et al. 2018, version V2-t): experts for tasks with a reward.

A linear policy on normalised observations is moved along random directions, weighted by how much
better the return is on one side than on the other; only the best directions count. It needs
millions of steps and next to no arithmetic, so two cores find a runner in minutes, and what they
find is a matrix: small enough to ship, smooth enough to learn from.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from adapt_learning.data.files import read_json, write_json
from adapt_learning.errors import SettingError
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.evaluation.workers import default_jobs
from adapt_learning.tasks.base import Task
from adapt_learning.tasks.linear_expert import LinearPolicy
from adapt_learning.trainers.search_state import SearchState, check_minutes

_TESTED = 8
"""Episodes that say how good a policy is; of the best tested one the weights are kept."""
_TEST_EVERY = 20


@dataclass(frozen=True)
class RandomSearchConfig:
    """Settings of the search."""

    directions: int = 32
    """Random directions per iteration; each costs two episodes."""
    best: int = 8
    """So many of them count."""
    step_size: float = 0.02
    noise: float = 0.03
    """Length of a step along a direction, per weight."""

    def __post_init__(self):
        if not 1 <= self.best <= self.directions:
            raise SettingError('1 <= best <= directions; got '
                               f'{self.best} and {self.directions}')
        if not (self.step_size > 0 and self.noise > 0):
            raise SettingError('step_size and noise are above 0; got '
                               f'{self.step_size} and {self.noise}')


@dataclass(frozen=True)
class SearchProgress:
    """Where a search stands."""

    iteration: int
    seconds: float
    """Of this call."""
    steps: int
    """Control steps simulated so far."""
    tested: float | None
    """Mean return of the last test, or None while there was none."""
    best: float | None


@dataclass
class _State:
    """What the search knows; everything else follows from the seed."""

    weights: np.ndarray
    mean: np.ndarray
    square: np.ndarray
    """Sum of squared distances to the mean."""
    count: float = 0.0
    iteration: int = 0
    steps: int = 0
    best: float | None = None

    @property
    def scale(self) -> np.ndarray:
        """Return the standard deviation of each observation, 1 while unknown."""
        if self.count < 2:
            return np.ones_like(self.mean)
        return np.maximum(np.sqrt(self.square / self.count), 1e-4)

    def see(self, observations: np.ndarray) -> None:
        """Take observations [N, S] into mean and spread (Chan et al. 1979)."""
        count = len(observations)
        mean = observations.mean(0)
        change, total = mean - self.mean, self.count + count
        self.square = (self.square + observations.var(0) * count
                       + change ** 2 * self.count * count / total)
        self.mean, self.count = self.mean + change * count / total, total


def search(task: str, out: str | Path, minutes: float, config: RandomSearchConfig | None = None,
           seed: int = 0, jobs: int | None = None,
           progress: Callable[[SearchProgress], None] = lambda now: None) -> LinearPolicy:
    """
    Search for so many minutes and write the best linear policy found to `out` (JSON).

    `out`.search.json beside it holds the state: the same command goes on from there. Raises
    SettingError for a task without such experts.
    """
    config, out = config or RandomSearchConfig(), Path(out)
    simulation = _simulation(task)
    check_minutes(minutes)
    stored = SearchState(out, {'task': task, 'seed': seed, **asdict(config)})
    state = _begin(stored, simulation)
    jobs = jobs or default_jobs()
    began_s = time.monotonic()
    tested = state.best
    with Parallel(n_jobs=jobs) as workers:
        while (spent_s := time.monotonic() - began_s) < 60 * minutes:
            _iterate(workers, jobs, task, state, config, seed)
            if state.iteration % _TEST_EVERY == 0:
                tested = _test(workers, task, state, seed)
                if state.best is None or tested > state.best:
                    state.best = tested
                    write_json(out, _policy(state, task, seed, config).as_dict())
                stored.save({name: np.asarray(value).tolist()
                             for name, value in vars(state).items()})
            progress(SearchProgress(state.iteration, spent_s, state.steps, tested, state.best))
    if state.best is None:
        raise SettingError(f'{minutes:g} minutes are too short for {_TEST_EVERY} iterations: '
                           'nothing was tested')
    return LinearPolicy.from_dict(read_json(out, 'search again'))


def _begin(stored: SearchState, simulation: Task) -> _State:
    size, actions = simulation.observation_space.shape[0], simulation.action_space.shape[0]
    found = stored.load()
    if found is None:
        return _State(np.zeros((actions, size)), np.zeros(size), np.zeros(size))
    arrays = {name: np.array(found[name]) for name in ('weights', 'mean', 'square')}
    return _State(**{**found, **arrays})


def _iterate(workers: Parallel, jobs: int, task: str, state: _State, config: RandomSearchConfig,
             seed: int) -> None:
    """Try all directions of an iteration and take the step."""
    numbers = range(config.directions)
    parts = [numbers[i::jobs] for i in range(min(jobs, config.directions))]
    found = workers(delayed(_try)(task, state.weights, state.mean, state.scale, config.noise,
                                  [(seed, state.iteration, number) for number in part])
                    for part in parts)
    returns = {key: both for part, _ in found for key, both in part.items()}
    order = sorted(returns, key=lambda key: -max(returns[key]))[:config.best]
    spread = np.std([returns[key] for key in order]) or 1.0
    for key in order:
        ahead, back = returns[key]
        state.weights = state.weights + (config.step_size / (config.best * spread)
                                         * (ahead - back) * _direction(key, state.weights.shape))
    for _, observations in found:
        state.see(observations)
        state.steps += len(observations)
    state.iteration += 1


def _try(task: str, weights: np.ndarray, mean: np.ndarray, scale: np.ndarray, noise: float,
         keys: list[tuple[int, int, int]]) -> tuple[dict, np.ndarray]:
    """Run both sides of some directions; return their returns and all observations [N, S]."""
    simulation = _simulation(task)
    returns, seen = {}, []
    for key in keys:
        step = noise * _direction(key, weights.shape)
        pair = []
        for sign in (1, -1):
            total, observations = simulation.run_linear(
                (weights + sign * step) / scale, mean, _start(key))
            # A robot that is paid for standing learns to stand: only what it does beyond counts.
            pair.append(total - simulation.paid_for_standing * len(observations))
            seen.append(observations)
        returns[key] = tuple(pair)
    return returns, np.concatenate(seen)


def _test(workers: Parallel, task: str, state: _State, seed: int) -> float:
    """Return the mean return of the present policy over some episodes."""
    gain = state.weights / state.scale
    return float(np.mean(workers(
        delayed(_one)(task, gain, state.mean, _start((seed, 0, 10_000 + i)))
        for i in range(_TESTED))))


def _one(task: str, gain: np.ndarray, center: np.ndarray, start: int) -> float:
    return _simulation(task).run_linear(gain, center, start)[0]


def _direction(key: tuple[int, int, int], shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(key).standard_normal(shape)


def _start(key: tuple[int, int, int]) -> int:
    """Return the seed of the start: the same for both sides of a direction."""
    return int(np.random.SeedSequence([*key, 1]).generate_state(1)[0])


def _policy(state: _State, task: str, seed: int, config: RandomSearchConfig) -> LinearPolicy:
    return LinearPolicy(state.weights / state.scale, state.mean.copy(), {
        'method': 'augmented random search V2-t',
        'command': f'adapt expert {task} --out FILE --seed {seed} --directions {config.directions} '
                   f'--best {config.best} --step-size {config.step_size:g} --noise '
                   f'{config.noise:g}', 'task': task, 'seed': seed, **asdict(config),
        'iterations': state.iteration, 'steps': state.steps, 'return': round(state.best, 1)})


@cache
def _simulation(task: str) -> Task:
    simulation = make_task(task)
    if not hasattr(simulation, 'run_linear'):
        simulation.close()
        raise SettingError(f'random search needs a task with `run_linear`; {task} has none')
    return simulation
