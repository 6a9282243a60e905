"""From a published backbone to one that may be shipped: the function behind `adapt inspect distil`.

It learns on procedural surfaces of the training families and on photographs: a folder of them, or
the two that come with scikit-learn. No surface to be inspected is needed, so any is new to it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from torch import Tensor

from adapt_learning import catalog
from adapt_learning.data.files import sha256_of, write_json
from adapt_learning.data.outputs import check_output
from adapt_learning.detectors.adapt_small import AdaptSmall
from adapt_learning.detectors.backbone import load_weights
from adapt_learning.detectors.distillation import Distillation, DistillationConfig
from adapt_learning.errors import SettingError
from adapt_learning.inspection.datasets import load_flat
from adapt_learning.inspection.pictures import to_rgb
from adapt_learning.stacked.checkpoint import remove_checkpoint
from adapt_learning.stacked.config import from_values, to_values, with_overrides
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.surfaces import Surface, training_families
from adapt_learning.trainers.provenance import code_version
from adapt_learning.trainers.run_folder import run_training

WEIGHTS, FACTS = 'weights.safetensors', 'manifest.json'
_PHOTO_SHARES = {'own': 0.5, 'two': 0.07}
"""Of the views. Photographs have what procedures have not (lenses, light, sensors); two of them
are soon known by heart."""
_LONGEST_PX = 512
"""Side of a photograph: larger ones are reduced, or views would see no structure."""
_PICTURES = 8
"""Of each surface, every second one with a defect."""


@dataclass(frozen=True)
class DistilRequest:
    """What `adapt inspect distil` was asked for."""

    out: Path
    teacher: str = 'mobilenet_v2'
    weights: Path | None = None
    """Weights file of the teacher; None: download."""
    surfaces: int = 12
    """Surfaces of each training family."""
    overrides: tuple[str, ...] = ()
    """key=value settings of DistillationConfig."""
    seed: int = 0
    resume: bool = False
    photos: Path | None = None
    """Folder of photographs; None: the two of scikit-learn."""

    def __post_init__(self):
        if self.surfaces < 1 or not 0 <= self.seed < 2**63:
            raise SettingError('at least one surface per family and a seed from 0 up; got '
                               f'{self.surfaces} and {self.seed}')

    @property
    def command(self) -> str:
        """Return the command line that makes it again."""
        words = ['adapt inspect distil --teacher', self.teacher, '--weights',
                 self.weights.name if self.weights else 'DOWNLOADED',
                 '--surfaces', str(self.surfaces), '--seed', str(self.seed)]
        if self.photos:
            words += ['--photos', self.photos.name]
        return ' '.join([*words, *(f'--set {one}' for one in self.overrides)])


def distil_backbone(request: DistilRequest,
                    progress: ProgressReport | None = None) -> dict[str, Any]:
    """
    Write weights (float16, normalisation folded) and manifest of a distilled adapt_small.

    Returns the manifest. Raises as `run_training` does; the same request with `resume` goes on.
    """
    out = check_output(request.out)
    config = from_values(DistillationConfig, with_overrides(
        to_values(DistillationConfig()), request.overrides))
    Distillation.check(config.optimization)
    teacher = catalog.load('backbone', request.teacher)()
    load_weights(teacher, request.weights)
    photos = _own_photos(request.photos) if request.photos else _two_photos()
    torch.manual_seed(request.seed)  # of the first weights
    student = AdaptSmall(normalized=True)
    facts = {'teacher': request.teacher, 'config': to_values(config), 'surfaces': request.surfaces,
             'seed': request.seed, 'families': list(training_families()),
             'photos': {name: hashlib.sha256(x.tobytes()).hexdigest()[:16]
                        for name, x in photos.items()},
             'teacher_sha256': sha256_of(request.weights) if request.weights else None}
    show = progress or ProgressReport()

    def make() -> Distillation:
        pictures = _pictures(request, list(photos.values()), show)
        return Distillation(student, teacher, pictures, config, request.seed)

    run_folder = out.with_name(f'{out.name}.run')
    told = run_training(make, run_folder, 'distil', facts, request.resume, show, 'optimization')
    folded = AdaptSmall()
    folded.take_weights(student.state_dict(), 'the distilled backbone')
    out.mkdir(parents=True, exist_ok=True)
    (out / WEIGHTS).write_bytes(safetensors.torch.save(
        {name: x.half().contiguous() for name, x in folded.state_dict().items()
         if name not in ('mean', 'std')}))
    manifest = {'kind': 'backbone', 'name': 'adapt_small', 'command': request.command,
                'code_version': code_version(), **facts, 'last_losses': told,
                'hashes': {WEIGHTS: sha256_of(out / WEIGHTS)}}
    write_json(out / FACTS, manifest)
    remove_checkpoint(run_folder)
    return manifest


def _pictures(request: DistilRequest, photos: list[np.ndarray],
              show: ProgressReport) -> list[Tensor]:
    """Return pictures uint8 [3, h, w]; a photograph stands in the list as often as it counts."""
    found, families = [], training_families()
    total = len(families) * request.surfaces * _PICTURES
    show.start('pictures', 0, total)
    for family in families:
        for number in range(request.surfaces):
            # Seeds far from those that people type, so that theirs are new surfaces.
            surface = Surface(family, 1_000_000 * (1 + request.seed) + number)
            for i in range(_PICTURES // 2):
                found += [surface.good(i), surface.defective(i).picture]
            show.update(len(found), surface.name)
    share = _PHOTO_SHARES['own' if request.photos else 'two']
    times = max(1, round(share / (1 - share) * len(found) / len(photos)))
    return [torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))
            for x in (*found, *photos * times)]


def _own_photos(folder: Path) -> dict[str, np.ndarray]:
    """Return the photographs of a folder, RGB uint8, reduced; raises as `load_flat` does."""
    found = {}
    for sample in load_flat(folder).train:
        x = to_rgb(sample.picture())
        scale = min(1.0, _LONGEST_PX / max(x.shape[:2]))
        height, width = (round(n * scale) for n in x.shape[:2])
        if scale < 1:
            x = np.asarray(Image.fromarray(x).resize((width, height), Image.Resampling.BOX))
        found[sample.path.name] = x
    return found


def _two_photos() -> dict[str, np.ndarray]:
    from sklearn.datasets import load_sample_images
    two = load_sample_images()
    return {Path(name).name: np.array(x)
            for name, x in zip(two.filenames, two.images, strict=True)}
