"""Training a policy: all seeds at once, one artifact each."""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from adapt_learning import catalog
from adapt_learning.artifacts import load_artifact
from adapt_learning.benchmarks.data_job import DataJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.errors import ArtifactError
from adapt_learning.stacked.checkpoint import load_checkpoint
from adapt_learning.stacked.config import naming_values
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.trainers.presets import resolve
from adapt_learning.trainers.train import TrainRequest, train

_PAIRS_TIMES_WEIGHTS_PER_S = 4e9
"""On one core of a machine with bf16; only for the order of jobs and the estimate of the end."""


@dataclass(frozen=True)
class TrainJob(Job):
    """Train the seeds of one policy on one dataset."""

    kind = 'train'

    policy: str
    data: DataJob
    preset: str = 'cpu'
    seeds: tuple[int, ...] = (0, 1, 2)
    overrides: tuple[str, ...] = ()
    name: str = ''
    """For people; default: policy, data and preset."""

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the job that makes the data."""
        return (self.data,)

    @property
    def label(self) -> str:
        """Return e.g. dbc-smooth303-cpu."""
        return self.name or f'{self.policy}-{self.data.label}-{self.preset}'

    @property
    def command(self) -> str:
        """Return the command line that trains the same."""
        changes = ''.join(f' --set {override}' for override in self.overrides)
        return (f'adapt train {self.policy} --task {self.data.origin.task} --data DATA --out OUT '
                f'--seeds {",".join(map(str, self.seeds))} --preset {self.preset}{changes}')

    @property
    def config(self) -> Any:
        """Return all settings of the policy."""
        return self._resolved()[0]

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return 5 + len(self.seeds) * sum(_work(self.config)) / _PAIRS_TIMES_WEIGHTS_PER_S

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """
        Return the hash of the data and all settings, whatever preset they come from.

        Not those of the expert-likeness detector: it watches and does not act.
        """
        config, run = self._resolved()
        settings = naming_values(config)
        settings.pop('likeness', None)
        return {
            'policy': self.policy, 'task': self.data.origin.task, 'seeds': list(self.seeds),
            'dataset': self.data.result(place)['dataset'], 'config': settings,
            'split': [run.validation_fraction, run.split_seed]}

    def artifacts(self, place: Workplace) -> list[Path]:
        """Return the folder of the artifact of every seed."""
        request = self._request(place)
        return [request.artifact_folder(seed) for seed in self.seeds]

    def has_product(self, place: Workplace) -> bool:
        """Return whether all artifacts are there, undamaged."""
        return undamaged(self.artifacts(place))

    def run(self, place: Workplace) -> dict[str, Any]:
        """Train, or go on with a training that was interrupted."""
        request = self._request(place)
        kept = request.run_folder / 'result.json'
        if kept.is_file() and self.has_product(place):
            outcome = json.loads(kept.read_text(encoding='utf-8'))  # of another table
        else:
            outcome = train(request, ProgressReport(io.StringIO()))
        return {
            'trained_on': load_artifact(self.artifacts(place)[0]).manifest.dataset_hash,
            'pairs': outcome['pairs'], 'train_s': outcome['train_s'],
            'device': outcome['device'], 'stages': outcome['stages'],
            'members': [{name: value for name, value in member.items() if name != 'folder'}
                        for member in outcome['artifacts']]}

    def _resolved(self) -> tuple[Any, Any]:
        return _resolve(self.policy, self.data.origin.task, self.preset, self._settings())

    def _settings(self) -> tuple[str, ...]:
        """Return the overrides that are settings of the policy or of the run."""
        return self.overrides

    def _request(self, place: Workplace) -> TrainRequest:
        out = place.cache / f'train-{self.policy}-{self.data.label}-{self.key(place)}'
        request = TrainRequest(
            self.policy, self.data.origin.task, self.data.folder(place), out,
            datetime.now(UTC).isoformat(timespec='seconds'), self.seeds, self.preset,
            self.overrides, overwrite=True)
        if load_checkpoint(request.run_folder) is None:
            return request
        return TrainRequest(**{**vars(request), 'resume': True})


def undamaged(folders: Iterable[str | Path]) -> bool:
    """Return whether all of these artifacts are there, undamaged."""
    try:
        for folder in folders:
            load_artifact(folder)
    except ArtifactError:
        return False
    return True


@cache
def _resolve(policy: str, task: str, preset: str, overrides: tuple[str, ...]) -> tuple[Any, Any]:
    return resolve(catalog.load('policy', policy).Config, task, policy, preset, overrides)


def _work(config: Any) -> Iterator[float]:
    """Give pairs times weights of every stage; a stage that asks a model pays for it."""
    weights = config.network.depth * config.network.width ** 2
    model = getattr(config, 'diffusion', None)
    if model is not None:
        yield from _work(model)
        weights += model.network.depth * model.network.width ** 2 * config.draws
    # Counter-examples, or ensembles and their iterations (those of implicit BC are of its search).
    counts = ('negatives',) if hasattr(config, 'negatives') else ('networks', 'iterations')
    for count in counts:
        weights *= getattr(config, count, 1)
    yield config.optimization.steps * config.optimization.batch * weights
