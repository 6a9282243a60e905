"""How often a policy succeeds: vectorised over processes, repeatable, with intervals."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.artifacts import load_artifact
from adapt_learning.data import Episode
from adapt_learning.errors import SettingError
from adapt_learning.evaluation.intervals import SuccessRate, success_rate
from adapt_learning.evaluation.policy_controller import PolicyController, open_policy
from adapt_learning.evaluation.rollout import rollout
from adapt_learning.evaluation.workers import default_jobs, run_in_order
from adapt_learning.tasks.base import Task

# A process takes as long to start as this many episodes take to run.
_EPISODES_PER_PROCESS = 10


@dataclass(frozen=True)
class EpisodeResult:
    """What became of one episode."""

    seed: int
    success: bool
    steps: int
    total_reward: float
    likeness_mean: float | None
    """Mean expert-likeness score (1 = warning threshold); None without a detector."""
    likeness_max: float | None
    stop: str = ''
    """Why the runner stopped, if it did."""


@dataclass(frozen=True)
class Trace:
    """Everything to draw of one episode."""

    episode: Episode | None
    """None where the policy was stopped before its first action."""
    last_observation: np.ndarray
    """Observation vector after the last action [S]."""
    likeness: np.ndarray
    """Score per tick [T] (1 = warning threshold); empty without a detector."""
    latency_s: np.ndarray
    """Time from frame to command [s] of every tick that asked the policy, shape [n]."""
    stop_ratio: float | None
    """Stop threshold of the score; None without a detector."""


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation."""

    task: str
    policy: str
    noise_level: float
    seed: int
    results: tuple[EpisodeResult, ...]
    seconds: float
    """Wall time of all episodes, start of the processes included."""

    @property
    def rate(self) -> SuccessRate:
        """Return the success rate with its 95 % Wilson interval."""
        return success_rate(sum(result.success for result in self.results), len(self.results))

    def as_dict(self) -> dict[str, Any]:
        """Return the machine-readable form of `adapt eval --json`."""
        rate = self.rate
        return {
            'task': self.task, 'policy': self.policy, 'noise_level': self.noise_level,
            'seed': self.seed, 'episodes': rate.episodes, 'successes': rate.successes,
            'success_rate': rate.rate, 'ci_low': rate.low, 'ci_high': rate.high,
            'mean_steps': float(np.mean([r.steps for r in self.results])),
            'mean_return': float(np.mean([r.total_reward for r in self.results])),
            'episodes_per_second': len(self.results) / self.seconds, 'seconds': self.seconds,
            'per_episode': [asdict(result) for result in self.results],
        }


def evaluate(artifact: str | Path, task: str, *, episodes: int = 100, noise_level: float = 1.25,
             seed: int = 1000, jobs: int | None = None, stop_unlike_expert: bool = False,
             progress: Callable[[EpisodeResult], None] | None = None) -> Evaluation:
    """
    Run a policy for some episodes; episode i starts from seed + i.

    The number of processes changes the speed and nothing else: every episode is the same as
    alone, and the same as through ROS in lockstep. Raises ArtifactError, CatalogError or
    SettingError for what the user can mend.
    """
    check_settings(episodes, seed)
    jobs = jobs or max(1, min(default_jobs(), episodes // _EPISODES_PER_PROCESS))
    setup = partial(open_policy, str(artifact), task, stop_unlike_expert)
    simulation, controller = setup()  # once here: mistakes show before any process starts
    simulation.reset(seed=seed, options={'noise_level': noise_level})
    policy = controller.runner.policy.name
    simulation.close()
    begin = time.perf_counter()
    results = []
    starts = [(seed + i, noise_level) for i in range(episodes)]
    with run_in_order(jobs, setup, _run, starts) as done:
        for result in done:
            results.append(result)
            if progress is not None:
                progress(result)
    return Evaluation(task, policy, noise_level, seed, tuple(results),
                      time.perf_counter() - begin)


def trace(simulation: Task, controller: PolicyController, seed: int, noise_level: float,
          on_step: Callable[[Task], None] | None = None) -> Trace:
    """Run one episode of what `open_policy` gave and keep everything for plots and videos."""
    result = rollout(simulation, controller, seed, noise_level, on_step)
    runner = controller.runner
    calibration = runner.policy.calibration
    return Trace(result.episode, result.last_observation, np.array(runner.likeness_scores),
                 runner.latency.values,
                 calibration.stop / calibration.warn if calibration else None)


def task_of(artifact: str | Path) -> str:
    """Return the task that a policy was trained for."""
    return load_artifact(artifact).manifest.task


def check_settings(episodes: int, seed: int) -> None:
    """Raise SettingError for numbers that make no sense."""
    if episodes < 1:
        raise SettingError(f'episodes is at least 1; got {episodes}')
    if seed < 0:
        raise SettingError(f'seed is 0 or above; got {seed}')


def _run(state: tuple[Task, PolicyController], start: tuple[int, float]) -> EpisodeResult:
    simulation, controller = state
    seed, noise_level = start
    result = rollout(simulation, controller, seed, noise_level)
    scores = controller.runner.likeness_scores
    return EpisodeResult(seed, result.success, result.steps, result.total_reward,
                         _number(np.mean(scores)) if scores else None,
                         _number(np.max(scores)) if scores else None, result.stop_text)


def _number(value: float) -> float | None:
    """Return a float that JSON can hold."""
    return float(value) if math.isfinite(value) else None
