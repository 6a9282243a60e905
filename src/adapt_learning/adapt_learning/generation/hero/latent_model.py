"""A diffusers text-to-image pipeline with latents, in the parts that fine-tuning needs."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from torch import Tensor

from adapt_learning.errors import SettingError

_PARTS = ('tokenizer', 'text_encoder', 'unet', 'vae', 'scheduler')
_INDEX = 'model_index.json'


@dataclass(frozen=True)
class Prompt:
    """A text as the denoiser reads it, with the empty text beside it (for guidance)."""

    text: str
    states: Tensor
    """float32 [1, L, D]."""
    empty: Tensor
    """float32 [1, L, D]."""


class LatentModel:
    """Stable Diffusion v1 or anything built like it; all weights are frozen."""

    def __init__(self, pipeline: StableDiffusionPipeline, source: str):
        self.pipeline, self.source = pipeline, source
        self.unet, self.vae = pipeline.unet, pipeline.vae
        self.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
        channels, latent = self.unet.config.in_channels, self.vae.config.latent_channels
        if channels != latent:
            raise SettingError(f'{source}: the autoencoder makes latents of {latent} channels and '
                               f'the UNet reads {channels}; give a pipeline of text to image whose '
                               'parts belong together')
        for part in (self.unet, self.vae, pipeline.text_encoder):
            part.requires_grad_(False).eval()

    @property
    def device(self) -> torch.device:
        """Return where the weights are."""
        return self.unet.device

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return channels, height and width of a latent."""
        side = self.unet.config.sample_size
        height, width = (side, side) if isinstance(side, int) else side
        return self.unet.config.in_channels, height, width

    @torch.no_grad()
    def encode(self, text: str) -> Prompt:
        """Return a prompt; SettingError where it is empty or longer than the encoder reads."""
        tokenizer = self.pipeline.tokenizer
        most = tokenizer.model_max_length
        # The tokenizer would cut it off without a word.
        found = len(tokenizer(text, truncation=False, verbose=False).input_ids) if text else 0
        if not text.strip():
            raise SettingError('a prompt has at least one word; got an empty one')
        if found > most:
            raise SettingError(f'a prompt has at most {most - 2} tokens with this text encoder; got'
                               f' {found - 2} ({len(text)} characters): shorten it')
        states, empty = self.pipeline.encode_prompt(text, self.device, 1, True)
        return Prompt(text, states.float(), empty.float())

    def predict(self, x: Tensor, times: Tensor, prompt: Prompt, guidance: float) -> Tensor:
        """
        Return the denoiser's output for x [B, C, h, w] at times [B].

        guidance w: out(empty) + w (out(prompt) - out(empty)); at 1 the prompt alone is asked.
        """
        count = len(x)
        states = prompt.states.expand(count, -1, -1)
        if guidance == 1:
            return self.unet(x, times, encoder_hidden_states=states).sample
        both = torch.cat([prompt.empty.expand(count, -1, -1), states])
        empty, full = self.unet(torch.cat([x, x]), torch.cat([times, times]),
                                encoder_hidden_states=both).sample.chunk(2)
        return empty + guidance * (full - empty)

    @torch.no_grad()
    def decode(self, latents: Tensor, at_once: int = 8) -> np.ndarray:
        """Return pictures uint8 [N, H, W, 3] of latents [N, C, h, w]."""
        pictures = []
        for part in latents.split(at_once):
            scaled = part.to(self.device) / self.vae.config.scaling_factor
            values = (self.vae.decode(scaled).sample / 2 + 0.5).clamp(0, 1)
            pictures.append((values * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy())
        return np.concatenate(pictures)


def full_source(source: str | Path) -> str:
    """Return a folder's whole path, or a name on the hub as it is."""
    return str(Path(source).absolute()) if Path(source).exists() else str(source)


def load_model(source: str | Path, device: str | None = None) -> LatentModel:
    """
    Return the model of a local folder or of a name on the hub, in float32.

    On a GPU where torch sees one. Raises SettingError where parts are missing or do not fit, or
    where the hub cannot be reached.
    """
    folder = Path(source)
    if folder.exists():
        _check_folder(folder)
        source = folder.absolute()
    elif str(source).startswith(('/', '.', '~')) or str(source).count('/') != 1:
        raise SettingError(f'there is no pipeline at {source}; give a folder with a {_INDEX} (as '
                           'save_pretrained of diffusers writes it) or a name on the hub')
    try:
        # Without the checker, which judges by its own rules; and no weights that are pickles.
        pipeline = StableDiffusionPipeline.from_pretrained(
            source, safety_checker=None, requires_safety_checker=False, use_safetensors=True,
            dtype=torch.float32, local_files_only=folder.exists())
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError,
            safetensors.SafetensorError) as error:
        reason = str(error).strip().split('\n')[0]
        if folder.exists():
            raise SettingError(f'{source} cannot be loaded as a pipeline of text to image: '
                               f'{reason:.200}; its weights must be safetensors and its parts '
                               f'{", ".join(_PARTS)}') from error
        raise SettingError(f"'{source}' is no folder, and the hub did not give it ({reason:.200}): "
                           'download it where there is a network and give its folder') from error
    pipeline.set_progress_bar_config(disable=True)
    if device is None:
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return LatentModel(pipeline.to(device), str(source))


def _check_folder(folder: Path) -> None:
    """Raise SettingError unless a folder has all parts of a pipeline."""
    index = folder / _INDEX
    try:
        parts = json.loads(index.read_text(encoding='utf-8'))
        present = {name for name, kind in parts.items()
                   if isinstance(kind, list) and None not in kind}
    except (OSError, ValueError, AttributeError) as error:
        raise SettingError(f'{folder} is no pipeline: {_INDEX} cannot be read ({error}); give a '
                           'folder that save_pretrained of diffusers wrote') from error
    missing = [name for name in _PARTS
               if name not in present or not (folder / name).is_dir()]
    if missing:
        raise SettingError(f'{folder} is not complete: {", ".join(missing)} missing; a pipeline '
                           f'has the parts {", ".join(_PARTS)}, a folder each')
    foreign = sorted(name for name in present - {'safety_checker', 'feature_extractor'}
                     if name not in _PARTS)
    if foreign:
        raise SettingError(f'{folder} has parts that are not known here: {", ".join(foreign)}; '
                           'pipelines built like Stable Diffusion v1 are (one text encoder, one '
                           'UNet)')
