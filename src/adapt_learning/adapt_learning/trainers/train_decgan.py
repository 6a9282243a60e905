"""From pictures to a generator that swaps attributes: the function behind `adapt decgan train`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from adapt_learning.data.outputs import check_output
from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.backbone import BackboneConfig
from adapt_learning.generation.decgan.classifier import ClassifierTraining
from adapt_learning.generation.decgan.config import DecGanConfig, preset
from adapt_learning.generation.decgan.decomposition import Decomposition, DecompositionTraining
from adapt_learning.generation.decgan.generator_training import GeneratorTraining
from adapt_learning.generation.decgan.image_set import ImageSet
from adapt_learning.generation.decgan.image_sets import load_image_set
from adapt_learning.generation.decgan.saved import (
    load_decgan,
    new_backbone,
    new_classifier,
    save_decgan,
)
from adapt_learning.stacked.config import from_values, to_values, with_overrides
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.stacked.short_training import one_thread
from adapt_learning.stacked.training import Training
from adapt_learning.trainers.provenance import code_version
from adapt_learning.trainers.stage_runs import StageRuns

STAGES = ('generator', 'classifier', 'decomposition')
BACKBONE = 'vae_gan'


@dataclass(frozen=True)
class DecGanRequest:
    """What `adapt decgan train` was asked for."""

    data: str
    """digits, mnist:DIR or rendered."""
    out: Path
    """Folder of the artifact."""
    backbone: str | None = None
    """vae_gan (default) or res_gan; that of `generator` where one is given."""
    generator: Path | None = None
    """Artifact whose generator is decomposed; None: train one."""
    attribute: str | None = None
    """To be split off; None: that of the pictures."""
    preset: str = 'text'
    """Of `generation.decgan.config.PRESETS`."""
    overrides: tuple[str, ...] = ()
    """key=value settings of DecGanConfig."""
    seed: int = 0
    resume: bool = False

    def __post_init__(self):
        if not 0 <= self.seed < 2**63:
            raise SettingError(f'a seed is a number from 0 up; got {self.seed}')
        if self.generator and self.backbone:
            raise SettingError('a generator that is given brings its backbone: leave out '
                               f'--backbone {self.backbone}')
        fixed = [one for one in self.overrides if one.startswith(('network.', 'generator.'))]
        if self.generator and fixed:
            raise SettingError('a generator that is given is not trained: leave out --set '
                               f'{fixed[0]}')

    def command(self, data: ImageSet, attribute: str) -> str:
        """Return the command line that makes it again, without paths of this machine."""
        name, _, argument = self.data.partition(':')
        words = ['adapt decgan train', f'{name}:{Path(argument).name}' if argument else name,
                 '--out', self.out.name, '--attribute', attribute]
        if self.generator:
            words += ['--generator', self.generator.name]
        else:
            words += ['--backbone', self.backbone or BACKBONE]
        words += ['--preset', self.preset, '--seed', str(self.seed)]
        return ' '.join([*words, *(f'--set {one}' for one in self.overrides)])


def train_decgan(request: DecGanRequest,
                 progress: ProgressReport | None = None) -> dict[str, Any]:
    """
    Write an artifact; return its manifest, and the processor time of each stage [s].

    Raises UserError for what the user can mend before anything is written, and what `StageRuns.run`
    raises; the same request with `resume` goes on with the stage that was interrupted.
    """
    out = check_output(request.out)
    given = None if request.generator is None else load_decgan(request.generator)
    config = from_values(
        DecGanConfig, with_overrides(to_values(preset(request.preset)), request.overrides))
    for stage in STAGES:
        Training.check(getattr(config, stage).optimization, f'{stage}.optimization')
    data = load_image_set(request.data)
    attribute = request.attribute or data.attribute
    data.check_attribute(attribute)
    channels, side = data.shape
    torch.manual_seed(request.seed)  # of the first weights
    name, network = request.backbone or BACKBONE, config.network
    if given is not None:
        _check_fits(given.manifest, request.generator, data)
        name = given.manifest['backbone']
        network = from_values(BackboneConfig, given.manifest['config']['network'])
    backbone = new_backbone(name, channels, side, network)
    if given is not None:
        backbone.load_state_dict(given.backbone.state_dict())
    classifier = new_classifier(backbone, len(data.classes[attribute]))
    decomposition = Decomposition(
        backbone, config.decomposition, len(data.classes[attribute]))
    facts = {
        'backbone': name, 'channels': channels, 'side': side, 'attribute': attribute,
        'classes': list(data.classes[attribute]), 'data': data.name,
        'data_hash': data.content_hash, 'seed': request.seed,
        'generator': given and given.manifest['hashes'],
        'config': {**to_values(config), 'network': to_values(network)}}
    stages = StageRuns(out.with_name(f'{out.name}.run'), STAGES, facts, request.resume, progress)
    with one_thread():  # sums of gradients in the order of two threads are not the same twice
        if given is None:
            stages.run('generator', lambda: GeneratorTraining(
                backbone, data.train, config.generator, request.seed))
        stages.run('classifier', lambda: ClassifierTraining(
            classifier, data.train, attribute, config.classifier, request.seed))
        stages.run('decomposition', lambda: DecompositionTraining(
            decomposition, backbone, classifier, data.train, config.decomposition, request.seed))
    manifest = save_decgan(out, backbone, classifier, decomposition, {
        **facts, 'command': request.command(data, attribute), 'code_version': code_version(),
        'last_losses': {f'{stage}.{part}': value for stage, losses in stages.losses.items()
                        for part, value in losses.items()}})
    stages.forget()
    return {'folder': str(out), **manifest, 'seconds': stages.seconds}


def _check_fits(manifest: Mapping[str, Any], folder: Path, data: ImageSet) -> None:
    channels, side = data.shape
    theirs = manifest['channels'], manifest['side']
    if theirs != data.shape:
        raise SettingError(
            f'the generator in {folder} draws pictures of {theirs[1]} x {theirs[1]} with '
            f'{theirs[0]} channels; those of {data.name} are {side} x {side} with {channels}: take '
            'pictures as it learnt from, or train a generator')
