"""One training that keeps artifacts of several steps, and the evaluation of one of them."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapt_learning.benchmarks.evaluate_job import EvaluateJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.train_job import TrainJob, undamaged
from adapt_learning.trainers.judge import judge_config, split_overrides
from adapt_learning.trainers.train import TrainRequest


@dataclass(frozen=True)
class KeepingTrainJob(TrainJob):
    """Train the seeds of a policy and their judges; keep an artifact after every few updates."""

    kind = 'train-steps'

    keep_every: int = 512

    @property
    def command(self) -> str:
        """Return the command line that trains the same."""
        return f'{super().command} --judge --keep-every {self.keep_every}'

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return those of a training, and how often something is kept."""
        return super().inputs(place) | {'keep_every': self.keep_every,
                                        'judge': sorted({*self.overrides} - {*self._settings()})}

    def step_folders(self, place: Workplace, step: int) -> list[Path]:
        """Return the artifacts of all seeds after some updates."""
        request = self._request(place)
        return [request.step_folder(step, seed) for seed in self.seeds]

    def has_product(self, place: Workplace) -> bool:
        """Return whether the artifacts of the end and of all steps are there, undamaged."""
        kept = self._request(place).run_folder / 'result.json'
        if not super().has_product(place) or not kept.is_file():
            return False
        steps = json.loads(kept.read_text(encoding='utf-8')).get('steps', ())
        return undamaged(one['folder'] for one in steps)

    def run(self, place: Workplace) -> dict[str, Any]:
        """Train; the result has what was measured of each step without a simulator."""
        result = super().run(place)
        kept = self._request(place).run_folder / 'result.json'
        steps = json.loads(kept.read_text(encoding='utf-8'))['steps']
        return result | {'steps': [{name: value for name, value in one.items() if name != 'folder'}
                                   for one in steps]}

    def check(self) -> None:
        """Raise UserError for a policy or a setting that does not exist."""
        self._resolved()
        judge_config(self.data.origin.task, self.preset, split_overrides(self.overrides)[0])

    def _settings(self) -> tuple[str, ...]:
        return tuple(split_overrides(self.overrides)[1])

    def _request(self, place: Workplace) -> TrainRequest:
        return replace(super()._request(place), judge=True, keep_every=self.keep_every)


@dataclass(frozen=True)
class EvaluateStepJob(EvaluateJob):
    """Evaluate what a training had kept after some updates."""

    kind = 'evaluate-step'

    training: KeepingTrainJob
    step: int = 0

    @property
    def label(self) -> str:
        """Return e.g. bc-fetch_pick30-cpu-512-at-1.25."""
        return f'{self.training.label}-{self.step}-at-{self.noise_level:g}'

    @property
    def command(self) -> str:
        """Return the command line that evaluates one of the seeds."""
        return super().command.replace('OUT/', f'OUT.run/step-{self.step}/')

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return those of an evaluation, and the step."""
        return super().inputs(place) | {'step': self.step}

    def _artifacts(self, place: Workplace) -> list[Path]:
        return self.training.step_folders(place, self.step)
