"""The parts as one pipeline of diffusers: put together, saved, asked for pictures."""

from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from adapt_learning.generation.small.config import MeasureConfig
from adapt_learning.generation.small.tokenizer import save_vocabulary

_BATCH = 64


def make_pipeline(autoencoder: AutoencoderKL, unet: UNet2DConditionModel,
                  text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer,
                  scheduler: DDIMScheduler) -> StableDiffusionPipeline:
    """Return the pipeline; there is nothing unsafe that it could draw, so nothing checks that."""
    pipeline = StableDiffusionPipeline(
        autoencoder.eval(), text_encoder.eval(), tokenizer, unet.eval(), scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def save_pipeline(pipeline: StableDiffusionPipeline, words: tuple[str, ...],
                  folder: Path) -> None:
    """Write the pipeline as diffusers does, weights as safetensors."""
    _quiet()
    pipeline.save_pretrained(folder, safe_serialization=True)
    save_vocabulary(words, folder / 'tokenizer')
    for path in folder.rglob('*.safetensors'):
        path.chmod(0o644)  # safetensors lets nobody else read them


def load_pipeline(folder: Path) -> StableDiffusionPipeline:
    """Return a pipeline that `save_pipeline` wrote, in single precision."""
    _quiet()
    pipeline = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generate(pipeline: StableDiffusionPipeline, prompt: str, count: int, seed: int,
             config: MeasureConfig) -> np.ndarray:
    """Return pictures uint8 [count, H, W, 3] RGB; `pictures` of the config is not looked at."""
    random = torch.Generator().manual_seed(seed)
    side = pipeline.unet.config.sample_size
    shape = (count, pipeline.unet.config.in_channels, side, side)
    found = []
    for noise in torch.randn(shape, generator=random).split(_BATCH):
        pictures = pipeline(
            [prompt] * len(noise), latents=noise, num_inference_steps=config.steps,
            guidance_scale=config.guidance, eta=config.eta, generator=random,
            output_type='np').images
        found.append(np.round(255 * pictures).astype(np.uint8))
    return np.concatenate(found)


def _quiet() -> None:
    """Show no bars of single files; whole trainings have a bar of their own."""
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
