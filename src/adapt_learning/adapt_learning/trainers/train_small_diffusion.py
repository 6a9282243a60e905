"""From a seed to a small text-to-image model: the function behind `adapt hero pretrain`.

Two trainings, one after the other: the autoencoder, then the denoiser on its latents. All pictures
are drawn here; nothing is downloaded.
"""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from adapt_learning import catalog
from adapt_learning.data.files import publish_folder, sha256_of, write_json
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import SettingError
from adapt_learning.evaluation.intervals import success_rate
from adapt_learning.generation.small.autoencoder import (
    AutoencoderTraining,
    encode,
    make_autoencoder,
)
from adapt_learning.generation.small.config import SmallConfig
from adapt_learning.generation.small.denoiser import (
    DenoiserTraining,
    make_scheduler,
    make_text_encoder,
    make_unet,
    tokens_of,
)
from adapt_learning.generation.small.pictures import WORDS, draw_pictures
from adapt_learning.generation.small.pipeline import (
    generate,
    load_pipeline,
    make_pipeline,
    save_pipeline,
)
from adapt_learning.generation.small.tokenizer import make_tokenizer
from adapt_learning.stacked.config import from_values, to_values, with_overrides
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.trainers.provenance import code_version
from adapt_learning.trainers.small_diffusion_card import card_of
from adapt_learning.trainers.stage_runs import StageRuns

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, StableDiffusionPipeline

FACTS, CARD = 'manifest.json', 'card.md'
_STAGES = ('autoencoder', 'denoiser')
_OTHER_SEED = 1_000_003
"""The measured pictures start from other noise than the training drew."""


@dataclass(frozen=True)
class SmallDiffusionRequest:
    """What `adapt hero pretrain` was asked for."""

    out: Path
    overrides: tuple[str, ...] = ()
    """key=value settings of SmallConfig."""
    seed: int = 0
    resume: bool = False

    def __post_init__(self):
        if not 0 <= self.seed < 2**31:
            raise SettingError(f'the seed lies in 0..2^31-1; got {self.seed}')

    @property
    def command(self) -> str:
        """Return the command line that makes it again."""
        words = ['adapt hero pretrain --out', self.out.name, '--seed', str(self.seed)]
        return ' '.join([*words, *(f'--set {one}' for one in self.overrides)])


def train_small_diffusion(request: SmallDiffusionRequest) -> dict[str, Any]:
    """
    Write a pipeline in the format of diffusers, with manifest and card; return the manifest.

    Raises as `StageRuns.run` does; the same request with `resume` goes on.
    """
    out = check_output(request.out)
    config = from_values(SmallConfig, with_overrides(to_values(SmallConfig()), request.overrides))
    AutoencoderTraining.check(config.autoencoder.optimization, 'autoencoder.optimization')
    DenoiserTraining.check(config.denoiser.optimization, 'denoiser.optimization')
    work = _Work(request, config, out.with_name(f'{out.name}.run'))
    pipeline = work.denoiser(work.autoencoder())
    made = work.folder / 'made'
    shutil.rmtree(made, ignore_errors=True)
    save_pipeline(pipeline, WORDS, made)
    manifest = {
        'kind': 'small_diffusion', 'name': out.name, 'command': request.command,
        'code_version': code_version(), **work.facts,
        'last_losses': {**work.stages.losses['autoencoder'], **work.stages.losses['denoiser']},
        'weights': {name: sum(x.numel() for x in getattr(pipeline, name).parameters())
                    for name in ('vae', 'unet', 'text_encoder')},
        # What is measured is what was written: in half precision.
        'success': measure(load_pipeline(made), config, request.seed),
        'hashes': {str(path.relative_to(made)): sha256_of(path)
                   for path in sorted(made.rglob('*')) if path.is_file()}}
    write_json(made / FACTS, manifest)
    (made / CARD).write_text(card_of(manifest), encoding='utf-8')
    publish_folder(made, out)
    work.stages.forget()
    return manifest


def measure(pipeline: 'StableDiffusionPipeline', config: SmallConfig,
            seed: int) -> dict[str, dict[str, Any]]:
    """Return how often pictures of each rule's prompt are a success, by name of the rule."""
    count, found = config.measure.pictures, {}
    if not count:
        return found
    names, show = catalog.names('evaluator'), ProgressReport()
    show.start('measure', 0, len(names))
    for name in names:
        rule = catalog.load('evaluator', name)()
        pictures = generate(pipeline, rule.prompt, count, seed + _OTHER_SEED, config.measure)
        rate = success_rate(sum(rule.judge(x).success for x in pictures), count)
        found[name] = {'prompt': rule.prompt, **asdict(rate)}
        show.update(len(found), f'{name} {rate.rate:.2f}')
    show.close()
    return found


class _Work:
    """Both trainings of one request."""

    def __init__(self, request: SmallDiffusionRequest, config: SmallConfig, folder: Path):
        self.request, self.config, self.folder = request, config, folder
        self.facts: Mapping[str, Any] = {'config': to_values(config), 'seed': request.seed}
        self.stages = StageRuns(folder, _STAGES, self.facts, request.resume)
        self._drawn = None

    def autoencoder(self) -> 'AutoencoderKL':
        """Return the trained autoencoder."""
        torch.manual_seed(self.request.seed)  # of the first weights
        module = make_autoencoder(self.config.autoencoder, self.config.pictures.size_px)

        def make() -> AutoencoderTraining:
            return AutoencoderTraining(module, self._pictures()[0], self.config.autoencoder,
                                       self.request.seed)

        self.stages.run('autoencoder', make)
        return module

    def denoiser(self, autoencoder: 'AutoencoderKL') -> 'StableDiffusionPipeline':
        """Return the pipeline with the averaged weights, in half precision."""
        settings = self.config.denoiser
        tokenizer = make_tokenizer(WORDS, settings.tokens)
        pictures, captions = self._pictures()
        latents = encode(autoencoder, pictures)
        scale = 1 / latents.std().item()
        autoencoder.register_to_config(scaling_factor=scale)
        torch.manual_seed(self.request.seed)
        unet = make_unet(settings, latents.shape[-1])
        training = DenoiserTraining(
            unet, make_text_encoder(settings, tokenizer), scale * latents,
            tokens_of(tokenizer, list(captions)), tokens_of(tokenizer, ['']), settings,
            self.request.seed)
        self.stages.run('denoiser', lambda: training)
        average = training.average
        # The text encoder stays in single precision: transformers loads what is stored, diffusers
        # loads both as float32.
        return make_pipeline(autoencoder.half(), average['unet'].half(), average['text_encoder'],
                             tokenizer, make_scheduler())

    def _pictures(self) -> tuple[torch.Tensor, tuple[str, ...]]:
        """Return the pictures uint8 [N, 3, H, W], drawn once, and their captions."""
        if self._drawn is None:
            wanted = self.config.pictures
            # A report of its own for each part: one that is closed shows nothing any more.
            show = ProgressReport()
            show.start('pictures', 0, wanted.scenes + wanted.surfaces)
            drawn = draw_pictures(wanted, self.request.seed, lambda done: show.update(done, ''))
            show.close()
            planes = torch.from_numpy(drawn.pictures).permute(0, 3, 1, 2).contiguous()
            self._drawn = planes, drawn.captions
        return self._drawn
