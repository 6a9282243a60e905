"""A training once more with other settings of inference: what is evaluated instead of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapt_learning import catalog
from adapt_learning.benchmarks.data_job import DataJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.train_job import TrainJob, undamaged
from adapt_learning.stacked.config import naming_values
from adapt_learning.trainers.derive import derive
from adapt_learning.trainers.presets import resolve


@dataclass(frozen=True)
class ExportJob(Job):
    """Export the seeds of a training with other settings of inference (`adapt export`)."""

    kind = 'export'

    training: TrainJob
    settings: tuple[str, ...]
    """key=value, of the policy's `inference_settings`."""
    name: str
    """Of these settings, for people, e.g. ddim5."""

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the training."""
        return (self.training,)

    @property
    def data(self) -> DataJob:
        """Return what was learnt from, as a training does."""
        return self.training.data

    @property
    def seeds(self) -> tuple[int, ...]:
        """Return the seeds of the training."""
        return self.training.seeds

    @property
    def config(self) -> Any:
        """Return all settings of the policy, those of its inference changed."""
        training = self.training
        kind = catalog.load('policy', training.policy).Config
        return resolve(kind, training.data.origin.task, training.policy, training.preset,
                       (*training.overrides, *self.settings))[0]

    @property
    def label(self) -> str:
        """Return e.g. diffusion_policy-maze100-cpu-ddim5."""
        return f'{self.training.label}-{self.name}'

    @property
    def command(self) -> str:
        """Return the command line that exports one of the seeds."""
        changes = ''.join(f' --set {setting}' for setting in self.settings)
        return f'adapt export OUT/seed-N --out NEW/seed-N{changes}'

    @property
    def cost(self) -> float:
        """Return seconds, roughly: every step is unrolled into the model."""
        return len(self.seeds) * (2 + 0.4 * self.config.inference_steps)

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the training and all settings."""
        return {'training': self.training.key(place), 'config': naming_values(self.config)}

    def artifacts(self, place: Workplace) -> list[Path]:
        """Return the folder of the artifact of every seed."""
        folder = place.cache / f'export-{self.label}-{self.key(place)}'
        return [folder / f'seed-{seed}' for seed in self.seeds]

    def has_product(self, place: Workplace) -> bool:
        """Return whether all artifacts are there, undamaged."""
        return undamaged(self.artifacts(place))

    def run(self, place: Workplace) -> dict[str, Mapping]:
        """Export; return the hashes of what was made."""
        made = [derive(source, folder, self.settings, overwrite=True) for source, folder in zip(
            self.training.artifacts(place), self.artifacts(place), strict=True)]
        return {'models': {seed: one.manifest.files['model.onnx']
                           for seed, one in zip(map(str, self.seeds), made, strict=True)}}
