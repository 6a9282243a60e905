"""Figure 3.4 of the dissertation: manifold overfitting, as numbers.

BC (eq. 3.1), the diffusion model's loss alone (eq. 3.5) and DBC (eq. 3.6) learn a script whose
actions are four points. The diffusion model has to model a distribution without width, and what it
tells a policy alone leads it astray.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from adapt_learning.benchmarks.machine import machine
from adapt_learning.benchmarks.spiral import STEPS, Act, Spiral, nearest, script
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.policies.bc import BehavioralCloning
from adapt_learning.policies.dbc import DiffusionBehavioralCloning, DiffusionStage, GuidedStage
from adapt_learning.stacked.short_training import train
from adapt_learning.stacked.stage import Draws, Stage
from adapt_learning.trainers.presets import resolve
from adapt_learning.trainers.provenance import code_version

NAME = 'fig-3.4'
PRESETS = ('cpu', 'paper')
REACHED_M = 0.5
"""So far from the script's end an episode may end; the tolerance of the maze's goals."""
FAR_ACTION = 0.1
"""An action further than this from all four of the script is one that the script never takes."""
_FIRST_EVALUATION = 1000


class DiffusionLossOnly(DiffusionBehavioralCloning):
    """A policy that minimises L_DM (eq. 3.5) and never sees the expert's action beside its own."""

    def stages(self) -> tuple[Stage, ...]:
        """Return the diffusion model's stage and the policy's."""
        return (DiffusionStage(self), _LossOnlyStage(self))


class _LossOnlyStage(GuidedStage):
    """Minimise L_DM."""

    def loss(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        parts = super().loss(batch, draws)
        return {'loss': parts['dm'], 'bc': parts['bc'].detach()}


LEARNERS: dict[str, tuple[type[Policy], str]] = {
    'BC': (BehavioralCloning, 'bc'), 'diffusion loss alone': (DiffusionLossOnly, 'dbc'),
    'DBC': (DiffusionBehavioralCloning, 'dbc')}
"""Class and whose settings of Maze it has, by the name in the picture."""


@dataclass(frozen=True)
class Experiment:
    """What is learnt and tried."""

    seeds: tuple[int, ...] = (0, 1, 2)
    demonstrations: int = 50
    episodes: int = 20
    """Per seed; each from a start of its own."""
    preset: str = 'cpu'
    overrides: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Changed settings by learner (tests use tiny networks)."""

    @property
    def command(self) -> str:
        """Return the command line that does the same."""
        return (f'adapt bench {NAME} --seeds {",".join(map(str, self.seeds))} '
                f'--episodes {self.episodes}')


@dataclass(frozen=True, eq=False)
class Runs:
    """What became of one learner."""

    observations: np.ndarray
    """Visited [K, episodes, STEPS + 1, 4]."""
    chosen: np.ndarray
    """Its actions at what the script saw from the same starts [K, episodes, STEPS, 2]."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Everything that the picture and the numbers are made of."""

    experiment: Experiment
    script: np.ndarray
    """What the script saw from the starts of the evaluation [episodes, STEPS + 1, 4]."""
    actions: np.ndarray
    """What it did there [episodes, STEPS, 2]."""
    learners: dict[str, Runs]


def run(experiment: Experiment, progress: Callable[[float, str], None]) -> Outcome:
    """Let the script demonstrate, train all learners, let them drive."""
    simulation = Spiral()
    seen, done = _script(simulation, range(experiment.demonstrations))
    starts = range(_FIRST_EVALUATION, _FIRST_EVALUATION + experiment.episodes)
    script_seen, script_done = _script(simulation, starts)
    learners = {}
    for number, name in enumerate(LEARNERS):
        policy = _trained(name, experiment, seen[:, :-1].reshape(-1, 4), done.reshape(-1, 2),
                          lambda share, text, number=number, name=name: progress(
                              (number + share) / len(LEARNERS), f'{name}, {text}'))
        learners[name] = _driven(policy, simulation, starts, script_seen)
    simulation.close()
    return Outcome(experiment, script_seen, script_done, learners)


def numbers(outcome: Outcome) -> dict[str, Any]:
    """Return JSON values: how far each learner is from the script."""
    experiment = outcome.experiment
    return {
        'figure': NAME, 'command': experiment.command, 'demonstrations': experiment.demonstrations,
        'steps': STEPS, 'episodes_per_seed': experiment.episodes, 'seeds': list(experiment.seeds),
        'preset': f'maze, {experiment.preset}', 'overrides': experiment.overrides,
        'learners': {name: _measures(runs, outcome) for name, runs in outcome.learners.items()},
        'code_version': code_version(), **machine()}


def deviation_m(runs: Runs, outcome: Outcome) -> np.ndarray:
    """Return the distance to the script at the same step, from the same start [K, E, STEPS + 1]."""
    return np.linalg.norm(runs.observations[..., :2] - outcome.script[None, ..., :2], axis=-1)


def _measures(runs: Runs, outcome: Outcome) -> dict[str, Any]:
    away = deviation_m(runs, outcome)
    error = np.linalg.norm(runs.chosen - outcome.actions[None], axis=-1)
    per_seed = {
        'mean_deviation_m': away.mean(axis=(1, 2)), 'end_deviation_m': away[..., -1].mean(axis=1),
        'reached_percent': 100 * (away[..., -1] <= REACHED_M).mean(axis=1),
        'action_error': error.mean(axis=(1, 2)),
        'far_actions_percent': 100 * (nearest(runs.chosen) > FAR_ACTION).mean(axis=(1, 2))}
    return {name: {'mean': round(float(values.mean()), 4),
                   'per_seed': [round(float(value), 4) for value in values]}
            for name, values in per_seed.items()}


def _script(simulation: Spiral, seeds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    runs = [simulation.run(script, seed) for seed in seeds]
    return np.array([seen for seen, _ in runs]), np.array([done for _, done in runs])


def _trained(name: str, experiment: Experiment, observation: np.ndarray, action: np.ndarray,
             progress: Callable[[float, str], None]) -> Policy:
    kind, settings = LEARNERS[name]
    config, _ = resolve(kind.Config, 'maze', settings, experiment.preset,
                        experiment.overrides.get(name, ()))
    pairs = observation.astype(np.float32), action.astype(np.float32)
    policy = kind(config, 4, 2, Normalizers.fit(config.normalization, *pairs), experiment.seeds)
    with torch.no_grad():
        samples = policy.prepare(*map(torch.from_numpy, pairs))
    train(policy, samples, None, progress)
    return policy


def _driven(policy: Policy, simulation: Spiral, starts: Sequence[int],
            script_seen: np.ndarray) -> Runs:
    visited, chosen = [], []
    seen = torch.from_numpy(script_seen[:, :-1].reshape(-1, 4).astype(np.float32))
    for k in range(policy.members):
        member = policy.member(k)
        visited.append([simulation.run(_act(member), seed)[0] for seed in starts])
        with torch.no_grad():
            chosen.append(member.act(seen).numpy().reshape(len(starts), STEPS, 2))
    return Runs(np.array(visited), np.clip(np.array(chosen), -1.0, 1.0))


def _act(policy: Policy) -> Act:
    def act(step: int, observation: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return policy.act(torch.from_numpy(observation.astype(np.float32))[None])[0].numpy()
    return act
