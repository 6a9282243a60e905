"""How often the seeds of a training succeed at one noise level."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning import catalog
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.train_job import TrainJob
from adapt_learning.errors import SettingError
from adapt_learning.evaluation.evaluate import evaluate

SEED = 1000
"""Episode i of an evaluation starts from this + i; `adapt eval` has the same default."""
# On one core; only for the order of jobs and the estimate of the end.
_STEP_S = 3e-4
_PASS_S = 3e-5
_CANDIDATES_TIMES_WEIGHTS_PER_S = 7e10


@dataclass(frozen=True)
class EvaluateJob(Job):
    """Evaluate every seed of a training on the same episodes."""

    kind = 'evaluate'

    training: TrainJob
    noise_level: float
    episodes: int = 100
    seed: int = SEED

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the training."""
        return (self.training,)

    @property
    def label(self) -> str:
        """Return e.g. dbc-smooth303-cpu-at-1.25."""
        return f'{self.training.label}-at-{self.noise_level:g}'

    @property
    def command(self) -> str:
        """Return the command line that evaluates one of the seeds."""
        return (f'adapt eval OUT/seed-N --episodes {self.episodes} '
                f'--noise-level {self.noise_level:g} --seed {self.seed}')

    @property
    def cost(self) -> float:
        """Return seconds, roughly: as if every episode went to the limit."""
        steps = catalog.load('task', self.training.data.origin.task).spec_.max_steps
        return (self.episodes * len(self.training.seeds) * steps
                * (_STEP_S + _inference_s(self.training.config)))

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the training and the episodes."""
        return {'training': self.training.key(place), 'noise_level': self.noise_level,
                'episodes': self.episodes, 'seed': self.seed}

    def has_product(self, place: Workplace) -> bool:
        """Return True: nobody needs more than the result."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Run the episodes of every seed."""
        self._check_apart(place)
        done = [evaluate(folder, self.training.data.origin.task, episodes=self.episodes,
                         noise_level=self.noise_level, seed=self.seed, jobs=1)
                for folder in self._artifacts(place)]
        return {
            'seeds': list(self.training.seeds), 'episodes': self.episodes,
            'successes': [sum(r.success for r in one.results) for one in done],
            'mean_steps': [float(np.mean([r.steps for r in one.results])) for one in done],
            'returns': [[round(r.total_reward, 3) for r in one.results] for one in done],
            'failed': [[r.seed for r in one.results if not r.success] for one in done],
            'episodes_per_second': [round(self.episodes / one.seconds, 1) for one in done]}

    def _artifacts(self, place: Workplace) -> list[Path]:
        """Return the folder of every seed."""
        return self.training.artifacts(place)

    def _check_apart(self, place: Workplace) -> None:
        """Raise where an episode of the evaluation is one of the demonstrations, too."""
        data = self.training.data.origin
        attempts = data.result(place)['attempts']
        shown = {data.plan.episode_seed(i) for i in range(attempts)}
        both = shown & set(range(self.seed, self.seed + self.episodes))
        if both:
            raise SettingError(f'the demonstrations hold the episodes {sorted(both)} of the '
                               'evaluation, too; use another seed of evaluation')


def _inference_s(config: Any) -> float:
    """Return about how long one action takes: passes through a network, or a search."""
    seconds = _PASS_S * getattr(config, 'inference_steps', 1)
    weights = config.network.depth * config.network.width ** 2
    candidates = getattr(config, 'samples', 0) * (1 + getattr(config, 'iterations', 0))
    return seconds + candidates * weights / _CANDIDATES_TIMES_WEIGHTS_PER_S
