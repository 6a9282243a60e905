"""From surfaces to a detector that inspection opens: the function behind `adapt inspect train`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from adapt_learning import catalog
from adapt_learning.data.files import sha256_of
from adapt_learning.data.outputs import check_output
from adapt_learning.detectors.backbone import Backbone, load_weights, weights_file
from adapt_learning.detectors.base import Detector
from adapt_learning.detectors.domains import DomainMaps, domain_maps
from adapt_learning.detectors.meta_training import MetaTraining, MetaTrainingConfig
from adapt_learning.errors import SettingError
from adapt_learning.inspection.datasets import Domain, load_domains
from adapt_learning.inspection.pictures import to_input
from adapt_learning.stacked.checkpoint import remove_checkpoint
from adapt_learning.stacked.config import from_values, to_values, with_overrides
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.stacked.short_training import one_thread
from adapt_learning.surfaces import Surface, training_families
from adapt_learning.trainers.export_detector import export_detector
from adapt_learning.trainers.provenance import code_version
from adapt_learning.trainers.run_folder import run_training

_OF_EACH_SURFACE = 8
"""Good pictures of a procedural surface, and as many with defects."""
_FROM_A_SOURCE = 120
"""At most so many good pictures of a source, and as many with defects."""
_FIRST_SEED = 2_000_000
"""Of procedural surfaces: far from the seeds that people type, so that theirs are new."""


@dataclass(frozen=True)
class DetectorRequest:
    """What `adapt inspect train` was asked for."""

    detector: str
    """Member of the catalogue: nearest_patch, meta_comparer, fused."""
    backbone: str
    out: Path
    """Folder of the detector."""
    weights: Path | None = None
    """Weights file of the backbone; None: that which ships, or download."""
    sources: tuple[Path, ...] = ()
    """Folders laid out like MVTec-AD, or of such folders, to learn from, too."""
    surfaces: int = 5
    """Procedural surfaces of each training family; 0: none."""
    overrides: tuple[str, ...] = ()
    """key=value, as in detector.mode=max or training.queries=16."""
    seed: int = 0
    input_px: int = 256
    target: Path | None = None
    """Surface that it is for; left out of the sources (leave-one-domain-out)."""
    resume: bool = False

    def __post_init__(self):
        if self.surfaces < 0 or not 0 <= self.seed < 2**31:
            raise SettingError('surfaces are not negative and a seed lies in 0..2^31; got '
                               f'{self.surfaces} and {self.seed}')

    def domains(self) -> tuple[Domain, ...]:
        """Return the surfaces of the sources, without the target; DatasetError where none are."""
        target = None if self.target is None else self.target.resolve()
        return tuple(one for path in self.sources for one in load_domains(path)
                     if one.folder.resolve() != target)

    def command(self, domains: tuple[Domain, ...]) -> str:
        """Return the command line that makes it again; `domains` are those it learns from."""
        words = ['adapt inspect train', '--detector', self.detector, '--backbone', self.backbone,
                 *(['--weights', self.weights.name] if self.weights else []),
                 *(word for one in domains for word in ('--sources', one.name)),
                 '--surfaces', self.surfaces, '--seed', self.seed,
                 *(word for one in self.overrides for word in ('--set', one))]
        return ' '.join(map(str, words))


def settings_of(detector: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings of `detector` and `training`, those changed that were asked for."""
    return with_overrides({'detector': to_values(catalog.load('detector', detector).Config()),
                           'training': to_values(MetaTrainingConfig())}, overrides)


def train_detector(request: DetectorRequest,
                   progress: ProgressReport | None = None) -> dict[str, Any]:
    """
    Write a detector; return its folder, hash and what its manifest says of the training.

    Raises UserError for what the user can mend before anything is written, and what
    `run_training` raises; the same request with `resume` goes on.
    """
    out = check_output(request.out)
    kind = catalog.load('detector', request.detector)
    values = settings_of(request.detector, request.overrides)
    config = from_values(kind.Config, values.pop('detector'), 'detector')
    training = from_values(MetaTrainingConfig, values.pop('training'), 'training')
    if values:
        raise SettingError(f"settings are those of 'detector' and 'training'; got {list(values)}")
    MetaTraining.check(training.optimization, 'training.optimization')
    backbone = catalog.load('backbone', request.backbone)()
    weights = weights_file(backbone, request.weights)
    load_weights(backbone, weights)
    torch.manual_seed(request.seed)  # of the first weights
    detector = kind(backbone.eval(), config, request.input_px)
    facts = {
        'backbone': request.backbone, 'config': to_values(config),
        'weights_sha256': sha256_of(weights) if weights else None}
    run_folder = out.with_name(f'{out.name}.run')
    domains = request.domains()
    if detector.learner() is not None:
        facts |= {
            'sources': [one.name for one in domains], 'surfaces': request.surfaces,
            'families': list(training_families()) if request.surfaces else [],
            'training': to_values(training), 'seed': request.seed}
        show = progress or ProgressReport()
        facts['last_losses'] = _train(detector, request, domains, training, facts, run_folder,
                                      show)
    inspector = export_detector(detector, out, out.name, request.detector, {
        'command': request.command(domains), 'code_version': code_version(), **facts})
    remove_checkpoint(run_folder)
    return {'folder': str(out), 'hash': inspector.hash, **facts}


def _train(detector: Detector, request: DetectorRequest, domains: tuple[Domain, ...],
           config: MetaTrainingConfig, facts: Mapping[str, Any], run_folder: Path,
           show: ProgressReport) -> dict[str, float]:
    """Train what there is to train; return the last losses."""
    def make() -> MetaTraining:
        maps = list(_maps(request, domains, detector.learner().backbone, show))
        return MetaTraining(detector.learner(), maps, config, request.seed)

    with one_thread():  # sums of gradients in the order of two threads are not the same twice
        return run_training(make, run_folder, 'episodes', facts, request.resume, show)


def _maps(request: DetectorRequest, domains: tuple[Domain, ...], backbone: Backbone,
          show: ProgressReport) -> Iterator[DomainMaps]:
    """Give the maps of all surfaces to learn from."""
    families = training_families() if request.surfaces else ()
    total, done = len(families) * request.surfaces + len(domains), 0
    show.start('surfaces', 0, total)
    for family in families:
        for number in range(request.surfaces):
            surface = Surface(family, _FIRST_SEED + number, request.input_px)
            good = [surface.good(i) for i in range(_OF_EACH_SURFACE)]
            bad = [surface.defective(i).picture for i in range(_OF_EACH_SURFACE)]
            yield domain_maps(surface.name, backbone, [*good, *bad],
                              [False] * len(good) + [True] * len(bad))
            done += 1
            show.update(done, surface.name)
    for domain in domains:
        yield _maps_of(domain, backbone, request.input_px)
        done += 1
        show.update(done, domain.name)


def _maps_of(domain: Domain, backbone: Backbone, side: int) -> DomainMaps:
    samples = [*domain.train, *domain.test]
    chosen = [sample for label in (0, 1) for sample in _spread(
        [one for one in samples if one.label == label], _FROM_A_SOURCE)]
    pictures = (to_input(sample.picture(), side) for sample in chosen)
    return domain_maps(domain.name, backbone, pictures, [one.label == 1 for one in chosen])


def _spread(samples: list[Any], count: int) -> list[Any]:
    """Return at most so many, evenly from begin to end."""
    if len(samples) <= count:
        return samples
    return [samples[i] for i in np.linspace(0, len(samples) - 1, count).round().astype(int)]
