"""Inference efficiency (dissertation section 3.1.5): episodes of Maze per second, by policy.

All contenders run in one process on one thread. They take turns episode by episode and call by
call, so what else the machine does falls on all of them alike. Seconds are processor time of that
thread: waiting for other programs does not count. The physics and the runner are in the times of
episodes, as in the dissertation; a latency is the policy alone.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import exp, log
from statistics import mean
from typing import Any

import numpy as np
import torch

from adapt_learning.artifacts import load_artifact
from adapt_learning.benchmarks.cells import t_interval
from adapt_learning.benchmarks.evaluate_job import SEED
from adapt_learning.benchmarks.export_job import ExportJob
from adapt_learning.benchmarks.inference_time import inference_seconds
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.machine import machine
from adapt_learning.benchmarks.table_3_2 import EXTRAS, METHODS, Method, Table32
from adapt_learning.benchmarks.torch_policy import TorchPolicy
from adapt_learning.benchmarks.train_job import TrainJob
from adapt_learning.evaluation.policy_controller import PolicyController
from adapt_learning.evaluation.rollout import rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.runtime import PolicyRunner, RunnerOptions, load_policy
from adapt_learning.tasks.base import Task
from adapt_learning.trainers.provenance import code_version
from adapt_learning.trainers.train import load_trained

NAME = 'efficiency'
TASK = 'maze'
_BC, _IMPLICIT, _DIFFUSION, _DBC, _FLOW = METHODS
_ANCESTRAL = EXTRAS[1]


def _deployed(folder: str) -> Any:
    return load_policy(folder)


def _without_detector(folder: str) -> Any:
    policy = load_policy(folder)
    policy.calibration = None
    return policy


def _in_torch(folder: str) -> Any:
    return TorchPolicy(load_trained(folder), load_artifact(folder).manifest)


@dataclass(frozen=True)
class Contender:
    """One way to act."""

    title: str
    method: Method
    """Whose artifact it uses."""
    opened: Callable[[str], Any] = _without_detector
    """Artifact -> what has `act`."""
    published: float | None = None
    """Episodes per second in the dissertation (RTX 3080 Ti)."""


DBC = Contender('DBC', _DBC, published=30.79)
IN_TORCH = Contender('DBC, PyTorch', _DBC, _in_torch)
EXPORTED_100 = Contender('Diffusion policy, 100 ancestral steps', _ANCESTRAL)
AS_PUBLISHED = Contender('Diffusion policy, 100 ancestral steps, PyTorch', _ANCESTRAL, _in_torch,
                         1.38)
CONTENDERS = (
    DBC,
    Contender('DBC with its expert-likeness detector', _DBC, _deployed),
    Contender('BC', _BC),
    Contender('Flow matching', _FLOW),
    Contender('Diffusion policy, few steps', _DIFFUSION),
    EXPORTED_100,
    Contender('Implicit BC', _IMPLICIT, published=9.92),
    IN_TORCH,
    AS_PUBLISHED,
)


@dataclass(frozen=True)
class Efficiency:
    """What is measured."""

    episodes: int = 20
    """Per contender."""
    calls: int = 300
    """Per contender, for the latency."""
    table: Table32 = field(default_factory=lambda: Table32((TASK,)))
    """Whose trainings are used: those of its first seed."""
    contenders: tuple[Contender, ...] = CONTENDERS
    """Ratios are to the first one."""

    @property
    def command(self) -> str:
        """Return the command line that does the same."""
        return (f'adapt bench {NAME} --episodes {self.episodes} --preset {self.table.preset} '
                f'--seeds {",".join(map(str, self.table.seeds))}')

    def product(self, contender: Contender) -> TrainJob | ExportJob:
        """Return the job that makes the artifact of a contender."""
        return self.table.product(contender.method, TASK)

    def jobs(self) -> list[TrainJob | ExportJob]:
        """Return what has to be there."""
        return list(dict.fromkeys(self.product(contender) for contender in self.contenders))


@dataclass(frozen=True)
class Episode:
    """One episode of one contender."""

    seconds: float
    """Processor time."""
    wall_s: float
    steps: int
    success: bool


def measure(efficiency: Efficiency, place: Workplace,
            progress: Callable[[int, str], None] = lambda done, note: None) -> dict[str, Any]:
    """Let all contenders drive and act in turns; return JSON values."""
    torch.set_num_threads(1)
    simulation = make_task(TASK)
    controllers = [_controller(contender, efficiency, place, simulation)
                   for contender in efficiency.contenders]
    episodes = _episodes(controllers, simulation, efficiency.episodes, progress)
    observations = _observations(simulation, efficiency.calls)
    latency = inference_seconds([one.runner.policy.act for one in controllers], observations)
    simulation.close()
    return {
        'command': efficiency.command, 'task': TASK, 'episodes': efficiency.episodes,
        'first_seed': SEED, 'calls': efficiency.calls,
        'contenders': [_summary(*one) for one in zip(
            efficiency.contenders, episodes, latency, strict=True)],
        'ratios': {
            contender.title: _ratio(episodes[i], latency[i], episodes[0], latency[0])
            for i, contender in enumerate(efficiency.contenders)},
        'settings': {contender.title: efficiency.product(contender).command
                     for contender in efficiency.contenders},
        'code_version': code_version(), **machine()}


def _controller(contender: Contender, efficiency: Efficiency, place: Workplace,
                simulation: Task) -> PolicyController:
    folder = efficiency.product(contender).artifacts(place)[0]
    options = RunnerOptions(realtime=False, stop_unlike_expert=False)
    return PolicyController(PolicyRunner(contender.opened(str(folder)), simulation.contract,
                                         options))


def _episodes(controllers: Sequence[PolicyController], simulation: Task, count: int,
              progress: Callable[[int, str], None]) -> list[list[Episode]]:
    """Run the same episodes with everybody; each of them begins in another place of the round."""
    found: list[list[Episode]] = [[] for _ in controllers]
    for controller in controllers:
        rollout(simulation, controller, SEED - 1, 0.0)  # caches and first calls do not count
    for i in range(count):
        for j in range(len(controllers)):
            who = (i + j) % len(controllers)
            began_s, began_wall_s = time.process_time(), time.perf_counter()
            done = rollout(simulation, controllers[who], SEED + i, 1.0)
            found[who].append(Episode(time.process_time() - began_s,
                                      time.perf_counter() - began_wall_s, done.steps,
                                      done.success))
        progress(i + 1, 'episodes of everybody')
    return found


def _observations(simulation: Task, count: int) -> list[np.ndarray]:
    """Return different observation vectors [S] of the task's starts."""
    return [simulation.reset(seed=i)[0] for i in range(count)]


def _summary(contender: Contender, episodes: list[Episode],
             latency_s: np.ndarray) -> dict[str, Any]:
    seconds, steps = sum(e.seconds for e in episodes), sum(e.steps for e in episodes)
    return {
        'title': contender.title, 'policy': contender.method.policy,
        'published_episodes_per_second': contender.published,
        'episodes_per_second': round(len(episodes) / seconds, 3),
        'steps_per_second': round(steps / seconds, 1), 'mean_steps': steps / len(episodes),
        'wall_s': round(sum(e.wall_s for e in episodes), 2),
        'successes': sum(e.success for e in episodes),
        'latency_ms': {name: round(1000 * float(np.quantile(latency_s, q)), 4)
                       for name, q in (('median', 0.5), ('p90', 0.9))}}


def _ratio(slow: list[Episode], slow_latency: np.ndarray, fast: list[Episode],
           fast_latency: np.ndarray) -> dict[str, Any]:
    """Return how many times as fast the first contender is."""
    def per_step(episode: Episode) -> float:
        return episode.seconds / episode.steps

    logs = tuple(log(per_step(a) / per_step(b)) for a, b in zip(slow, fast, strict=True))
    ends = t_interval(logs)
    return {
        'episodes': round(sum(e.seconds for e in slow) / sum(e.seconds for e in fast), 2),
        'steps': round(exp(mean(logs)), 2),
        'steps_interval': None if ends is None else [round(exp(end), 2) for end in ends],
        'latency': round(float(np.median(slow_latency) / np.median(fast_latency)), 1)}
