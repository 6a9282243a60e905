"""Detectors that are tried: trained in the cache, or a folder that is there."""

import io
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from adapt_learning import catalog
from adapt_learning.benchmarks.inspect_domains import DomainSource, needed_jobs
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.data.files import sha256_of
from adapt_learning.errors import ArtifactError
from adapt_learning.inspection.detector import DetectorManifest, load_manifest
from adapt_learning.surfaces import training_families

_TRAINING_S, _EXPORT_S = 1500.0, 15.0
"""For the order of jobs and the estimate of the end."""


@dataclass(frozen=True)
class DetectorJob(Job):
    """Train a detector and export it (`trainers.train_detector`)."""

    kind = 'detector'

    detector: str
    """Member of the catalogue, as is the backbone."""
    backbone: str
    weights: Path | None = None
    """File of the backbone's weights; None: those that ship, or are published."""
    sources: tuple[DomainSource, ...] = ()
    """Surfaces to learn from, besides the procedural ones."""
    surfaces: int = 5
    """Procedural surfaces per training family."""
    overrides: tuple[str, ...] = ()
    seed: int = 0
    without: str = ''
    """For people: the one surface of many that it has not learnt from."""

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the surfaces that are still to be drawn."""
        return needed_jobs(self.sources)

    @property
    def learns(self) -> bool:
        """Return whether sources, surfaces, settings and seed matter to it."""
        return catalog.load('detector', self.detector).learns()

    @property
    def title(self) -> str:
        """Return e.g. `meta_comparer, mobilenet_v2`."""
        return f'{self.detector}, {self.backbone}'

    @property
    def label(self) -> str:
        """Return e.g. meta_comparer-mobilenet_v2-without-wood."""
        without = f'-without-{self.without}' if self.without else ''
        return f'{self.detector}-{self.backbone}{without}'

    @property
    def command(self) -> str:
        """Return a command line that trains the same and tries it."""
        return ' '.join((self.tried_by, *self.options))

    @property
    def tried_by(self) -> str:
        """Return the command that tries it, without options of the detector."""
        return 'adapt inspect bench --domains DIR'

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options of that command that it follows from."""
        weights = (f'--weights {self.backbone}={self.weights.name}',) if self.weights else ()
        changes = tuple(f'--set {one}' for one in self.overrides)
        trained = () if not self.learns else (
            f'--sources {"others" if self.sources else "none"}', f'--surfaces {self.surfaces}',
            *changes, f'--train-seed {self.seed}')
        return (f'--detectors {self.detector}:{self.backbone}', *weights, *trained)

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return _TRAINING_S if self.learns else _EXPORT_S

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return all settings, the hash of the weights and those of the sources' pictures."""
        from adapt_learning.detectors.backbone import weights_file
        settings = _settings(self.detector, self.overrides)
        weights = weights_file(catalog.load('backbone', self.backbone), self.weights)
        found = {'detector': self.detector, 'backbone': self.backbone,
                 'weights': None if weights is None else weights_hash(weights),
                 'config': settings['detector']}
        if not self.learns:
            return found
        return {**found, 'training': settings['training'], 'surfaces': self.surfaces,
                'families': list(training_families()) if self.surfaces else [],
                'sources': {one.name: one.digest(place) for one in self.sources},
                'seed': self.seed}

    def folder(self, place: Workplace) -> Path:
        """Return the folder of the detector in the cache."""
        return place.cache / f'detector-{self.label}-{self.key(place)}'

    def digest(self, place: Workplace) -> str:
        """Return the hash of the detector, from the result."""
        return self.result(place)['hash']

    def has_product(self, place: Workplace) -> bool:
        """Return whether the detector is there, undamaged."""
        try:
            load_manifest(self.folder(place))
        except ArtifactError:
            return False
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Train, or go on with a training that was interrupted; what is there is only read."""
        from adapt_learning.stacked.checkpoint import load_checkpoint
        from adapt_learning.stacked.progress import ProgressReport
        from adapt_learning.trainers.train_detector import DetectorRequest, train_detector
        folder = self.folder(place)
        if not self.has_product(place):
            shutil.rmtree(folder, ignore_errors=True)  # damaged
            unfinished = load_checkpoint(folder.with_name(f'{folder.name}.run')) is not None
            train_detector(DetectorRequest(
                detector=self.detector, backbone=self.backbone, out=folder, weights=self.weights,
                sources=tuple(one.folder(place) for one in self.sources),
                surfaces=self.surfaces, overrides=self.overrides, seed=self.seed,
                resume=unfinished), ProgressReport(io.StringIO()))
        return {'hash': load_manifest(folder).hash, 'bytes': folder_bytes(folder)}


@dataclass(frozen=True)
class GivenDetector:
    """A folder that `adapt inspect fit` takes."""

    path: Path
    """Absolute: workers stand elsewhere."""

    learns: ClassVar[bool] = False
    """It is what it is, whatever there is to learn from."""

    @property
    def manifest(self) -> DetectorManifest:
        """Return what it is; ArtifactError where it is none."""
        return _manifest(self.path)

    @property
    def title(self) -> str:
        """Return e.g. `surface_detector: fused, adapt_small`."""
        more = f', {self.backbone}' if self.backbone else ''
        return f'{self.path.name}: {self.manifest.detector}{more}'

    @property
    def backbone(self) -> str:
        """Return the backbone's name; empty where the manifest has none."""
        found = self.manifest.more.get('backbone')
        return found if isinstance(found, str) else ''

    @property
    def label(self) -> str:
        """Return the name of the folder."""
        return self.path.name

    @property
    def tried_by(self) -> str:
        """Return the command that tries it, without options of the detector."""
        return 'adapt inspect bench --domains DIR'

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options of that command that it follows from."""
        here = Path.cwd()
        shown = self.path.relative_to(here) if self.path.is_relative_to(here) else self.path.name
        return (f'--detector {shown}',)

    def folder(self, place: Workplace) -> Path:
        """Return the folder."""
        return self.path

    def digest(self, place: Workplace) -> str:
        """Return the hash of both models."""
        return self.manifest.hash


DetectorSource = DetectorJob | GivenDetector


def folder_bytes(folder: Path) -> int:
    """Return the size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob('*') if path.is_file())


@cache
def _settings(detector: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    from adapt_learning.trainers.train_detector import settings_of
    return settings_of(detector, overrides)


@cache
def weights_hash(path: Path) -> str:
    """Return the SHA-256 of a weights file; ArtifactError where there is none."""
    if not path.is_file():
        raise ArtifactError(f'there is no weights file {path}; give the path of one')
    return sha256_of(path)


@cache
def _manifest(path: Path) -> DetectorManifest:
    return load_manifest(path)
