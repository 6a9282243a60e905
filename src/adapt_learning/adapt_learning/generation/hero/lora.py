"""LoRA weights of a UNet: the only ones that are fine-tuned (by peft)."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import peft
import torch
from diffusers import StableDiffusionPipeline
from diffusers.utils import convert_state_dict_to_diffusers
from peft.utils import get_peft_model_state_dict
from torch import nn

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.latent_model import LatentModel

FILE = 'pytorch_lora_weights.safetensors'
_NAME = 'hero'


@dataclass(frozen=True)
class LoraConfig:
    """Which layers get weights of their own, and how many."""

    rank: int = 4
    """diffusers' default, which the published code takes; the text gives none."""
    layers: tuple[str, ...] = ('to_q', 'to_k', 'to_v', 'to_out.0')
    """Ends of the names of the layers; as published, all of the attention."""

    def __post_init__(self):
        if self.rank < 1 or not self.layers:
            raise SettingError('a rank of at least 1 and one layer or more; got '
                               f'{self.rank} and {self.layers}')


def add_lora(model: LatentModel, config: LoraConfig, seed: int) -> nn.ParameterList:
    """Put LoRA weights that change nothing yet into the UNet; return them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            model.unet.add_adapter(peft.LoraConfig(
                r=config.rank, lora_alpha=config.rank, target_modules=list(config.layers),
                init_lora_weights='gaussian'), _NAME)
        except ValueError as error:
            raise SettingError(f'the UNet of {model.source} has no layers whose names end with '
                               f'{", ".join(config.layers)}; got {error!s:.200}') from error
    return nn.ParameterList([x for x in model.unet.parameters() if x.requires_grad])


@contextlib.contextmanager
def without_lora(model: LatentModel) -> Iterator[None]:
    """Let the UNet compute as it was before fine-tuning."""
    model.unet.disable_adapters()
    try:
        yield
    finally:
        model.unet.enable_adapters()


def save_lora(model: LatentModel, folder: Path) -> None:
    """Write the weights as diffusers' `load_lora_weights` reads them."""
    StableDiffusionPipeline.save_lora_weights(
        folder, unet_lora_layers=convert_state_dict_to_diffusers(
            get_peft_model_state_dict(model.unet, adapter_name=_NAME)))


def load_lora(model: LatentModel, folder: Path) -> None:
    """Put stored weights into the UNet; SettingError where they are of another model."""
    try:
        model.pipeline.load_lora_weights(folder, weight_name=FILE, adapter_name=_NAME)
    except (ValueError, RuntimeError, OSError) as error:
        reason = str(error).strip().split('\n')[0]
        raise SettingError(f'the LoRA weights in {folder} do not fit {model.source} '
                           f'({reason:.200}); give the pipeline that was fine-tuned') from error
