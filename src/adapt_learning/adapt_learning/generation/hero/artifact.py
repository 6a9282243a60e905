"""What a run leaves: weights, noises, prompt, pictures; and new pictures from them."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from adapt_learning.data.files import publish_folder, read_json, sha256_of, write_json
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import ArtifactError, SettingError
from adapt_learning.generation.hero import lora
from adapt_learning.generation.hero.config import HeroConfig
from adapt_learning.generation.hero.latent_model import LatentModel, load_model
from adapt_learning.generation.hero.learner import Tell
from adapt_learning.generation.hero.memory import enough_memory
from adapt_learning.generation.hero.run import HeroRun
from adapt_learning.generation.hero.sampling import sample
from adapt_learning.generation.hero.start_noise import Collected, draw_noises
from adapt_learning.stacked.config import from_values, to_values

MANIFEST, NOISES = 'manifest.json', 'noises.safetensors'
_KIND = 'hero'


def write_artifact(run: HeroRun, folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """
    Write a run, whole or not at all; return the manifest, with `facts` in it.

    LoRA weights in diffusers' format, noises and latent of what was liked, pictures of all rounds.
    """
    folder = check_output(folder)
    unfinished = folder.with_name(f'.{folder.name}.part')
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    lora.save_lora(run.model, unfinished)
    safetensors.torch.save_file(run.collected.tensors(), unfinished / NOISES)
    for picture in (run.folder / 'rounds').glob('*/*.png'):
        place = unfinished / picture.relative_to(run.folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, place)
    manifest = {
        'kind': _KIND, 'name': run.config.method, 'prompt': run.prompt, 'pipeline': run.source,
        **facts, 'config': to_values(run.config),
        'rounds': [one.as_dict() for one in run.history],
        'hashes': {name: sha256_of(unfinished / name) for name in (lora.FILE, NOISES)}}
    write_json(unfinished / MANIFEST, manifest)
    publish_folder(unfinished, folder)
    return manifest


@dataclass(frozen=True)
class Tuned:
    """A fine-tuned model, ready to make pictures."""

    model: LatentModel
    collected: Collected
    config: HeroConfig
    prompt: str
    """That it was tuned for."""

    def pictures(self, count: int, seed: int = 0, prompt: str = '', plain_noise: bool = False,
                 tell: Tell = lambda stage, done, steps: None) -> np.ndarray:
        """
        Return new pictures, uint8 [count, H, W, 3].

        From the noises of eq. 2.11 as after the last round (around the best one alone, where all
        pictures of that round were bad), or from plain noise; for another prompt, to see what was
        learnt for it, too.
        """
        random = torch.Generator().manual_seed(seed)
        collected = Collected() if plain_noise else self.collected
        noises, _ = draw_noises(self.config.start, collected, count, self.model.shape, random)
        sampling = self.config.sampling
        with enough_memory('sampling.at_once', sampling.at_once):
            ways = sample(self.model, self.model.encode(prompt or self.prompt), noises, sampling,
                          random, lambda done: tell('sampling', done, sampling.steps))
            return self.model.decode(ways.final, sampling.at_once)


def load_artifact(folder: str | Path, pipeline: str | Path | None = None) -> Tuned:
    """
    Return what a run left; `pipeline` where the pretrained model lies elsewhere now.

    ArtifactError where it is no artifact of HERO or was changed, SettingError where the pipeline
    is not there or another one.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise ArtifactError(f'{folder} is no artifact: it has no {MANIFEST}; give the folder of '
                            'a run that is finished')
    manifest = read_json(folder / MANIFEST)
    if manifest.get('kind') != _KIND:
        raise ArtifactError(f'{folder} is an artifact of kind {manifest.get("kind")!r}; pictures '
                            f'are made with one of kind {_KIND!r}')
    for name, digest in manifest['hashes'].items():
        if not (folder / name).is_file() or sha256_of(folder / name) != digest:
            raise ArtifactError(f'{folder / name} is missing or not what the run wrote; restore '
                                'it from a copy')
    model = load_model(pipeline or manifest['pipeline'])
    lora.load_lora(model, folder)
    collected = Collected(**safetensors.torch.load_file(folder / NOISES))
    for noise in collected.tensors().values():
        if noise.shape[-3:] != model.shape:
            raise SettingError(f'the run had latents of {tuple(noise.shape[-3:])}, and '
                               f'{model.source} has {model.shape}; give the pipeline that was '
                               'fine-tuned')
    return Tuned(model, collected, from_values(HeroConfig, manifest['config']), manifest['prompt'])
