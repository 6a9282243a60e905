"""From a published backbone to one that may be shipped: the function behind `adapt inspect distil`.

It learns on procedural surfaces of the training families and on two photographs that come with
scikit-learn; no picture of a real surface is needed, so any surface is new to it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from adapt_learning import catalog
from adapt_learning.data.files import sha256_of, write_json
from adapt_learning.data.outputs import check_output
from adapt_learning.detectors.adapt_small import AdaptSmall
from adapt_learning.detectors.backbone import load_weights
from adapt_learning.detectors.distillation import Distillation, DistillationConfig
from adapt_learning.errors import SettingError
from adapt_learning.stacked.checkpoint import remove_checkpoint
from adapt_learning.stacked.config import from_values, to_values, with_overrides
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.surfaces import Surface, training_families
from adapt_learning.trainers.provenance import code_version
from adapt_learning.trainers.run_folder import run_training

WEIGHTS, FACTS = 'weights.safetensors', 'manifest.json'
_PHOTO_SHARE = 0.07
"""Of the views: enough for what procedures do not have (skies, petals, lenses, sensors)."""
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
    teacher = catalog.load('backbone', request.teacher)()
    load_weights(teacher, request.weights)
    torch.manual_seed(request.seed)  # of the first weights
    student = AdaptSmall(normalized=True)
    facts = {'teacher': request.teacher, 'config': to_values(config), 'surfaces': request.surfaces,
             'seed': request.seed, 'families': list(training_families()),
             'teacher_sha256': sha256_of(request.weights) if request.weights else None}
    show = progress or ProgressReport()

    def make() -> Distillation:
        return Distillation(student, teacher, _pictures(request, show), config, request.seed)

    run_folder = out.with_name(f'{out.name}.run')
    told = run_training(make, run_folder, 'distil', facts, request.resume, show)
    folded = AdaptSmall()
    folded.take_weights(student.state_dict(), 'the distilled backbone')
    out.mkdir(parents=True)
    (out / WEIGHTS).write_bytes(safetensors.torch.save(
        {name: x.half().contiguous() for name, x in folded.state_dict().items()
         if name not in ('mean', 'std')}))
    manifest = {'kind': 'backbone', 'name': 'adapt_small', 'command': request.command,
                'code_version': code_version(), **facts, 'last_losses': told[-1] if told else {},
                'hashes': {WEIGHTS: sha256_of(out / WEIGHTS)}}
    write_json(out / FACTS, manifest)
    remove_checkpoint(run_folder)
    return manifest


def _pictures(request: DistilRequest, show: ProgressReport) -> list[Tensor]:
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
    photos = _photos()
    times = max(1, round(_PHOTO_SHARE * len(found) / len(photos)))
    return [torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))
            for x in (*found, *photos * times)]


def _photos() -> list[np.ndarray]:
    from sklearn.datasets import load_sample_images
    return [np.array(x) for x in load_sample_images().images]
