"""The denoiser of latents and its text encoder, and how both learn together."""

import copy
from dataclasses import dataclass, field

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from adapt_learning.errors import SettingError
from adapt_learning.generation.small.autoencoder import LATENT_CHANNELS
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training

_GROUPS = 8
_HEADS = 4


@dataclass(frozen=True)
class DenoiserConfig:
    """Sizes, and how it is trained."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=3500, batch=32, learning_rate=1e-3, warmup_steps=100, gradient_clip=1.0,
        ema_decay=0.995, precision='float32'))
    channels: tuple[int, ...] = (32, 64)
    """At the side of the latents and at half of it; multiples of 8."""
    text_width: int = 64
    text_layers: int = 2
    tokens: int = 24
    """Of a caption, its begin and end included."""
    caption_dropout: float = 0.1
    """Share of captions that are left empty, for guidance without a classifier."""

    def __post_init__(self):
        if len(self.channels) != 2 or any(n < _GROUPS or n % _GROUPS for n in self.channels):
            raise SettingError('the denoiser has two numbers of channels, each a multiple of '
                               f'{_GROUPS}; got {self.channels}')
        if self.text_width < _HEADS or self.text_width % _HEADS or self.text_layers < 1:
            raise SettingError(f'text_width is a multiple of {_HEADS} and text_layers at least 1; '
                               f'got {self.text_width} and {self.text_layers}')
        if self.tokens < 4 or not 0 <= self.caption_dropout < 1:
            raise SettingError('tokens is at least 4 and caption_dropout lies in 0..1 (without '
                               f'1); got {self.tokens} and {self.caption_dropout}')


def make_unet(config: DenoiserConfig, latent_px: int) -> UNet2DConditionModel:
    """Return an untrained denoiser; torch's global seed decides its weights."""
    # Text is attended to at half the side only: as good here, and a third less work.
    return UNet2DConditionModel(
        sample_size=latent_px, in_channels=LATENT_CHANNELS, out_channels=LATENT_CHANNELS,
        block_out_channels=config.channels, layers_per_block=1, norm_num_groups=_GROUPS,
        down_block_types=('DownBlock2D', 'CrossAttnDownBlock2D'),
        up_block_types=('CrossAttnUpBlock2D', 'UpBlock2D'),
        cross_attention_dim=config.text_width, attention_head_dim=_HEADS)


def make_text_encoder(config: DenoiserConfig, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return an untrained text encoder; torch's global seed decides its weights."""
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=config.text_width,
        intermediate_size=2 * config.text_width, projection_dim=config.text_width,
        num_hidden_layers=config.text_layers, num_attention_heads=_HEADS,
        max_position_embeddings=config.tokens, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id))


def make_scheduler() -> DDIMScheduler:
    """Return the noise schedule of Stable Diffusion; the noise is what is predicted."""
    return DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule='scaled_linear',
                         clip_sample=False, set_alpha_to_one=False, steps_offset=1)


def tokens_of(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Return token numbers int64 [N, tokens], as the pipeline makes them."""
    return tokenizer(texts, padding='max_length', truncation=True, return_tensors='pt',
                     max_length=tokenizer.model_max_length).input_ids


class DenoiserTraining(Training):
    """
    Learns the noise in latents [N, 4, h, w] of pictures with captions (Ho et al., eq. 14).

    `average` holds the moving average of unet and text encoder, which is what is to be kept.
    """

    averages = True

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel, latents: Tensor,
                 tokens: Tensor, empty: Tensor, config: DenoiserConfig, seed: int):
        module = nn.ModuleDict({'unet': unet.train(), 'text_encoder': text_encoder.train()})
        average = copy.deepcopy(module).requires_grad_(False)
        # Inside of the module: checkpoints hold it, and the optimiser skips what has no gradient.
        module['average'] = average
        super().__init__(module, config.optimization, seed)
        self.latents, self.tokens, self.empty, self.config = latents, tokens, empty, config
        self.scheduler = make_scheduler()

    @property
    def average(self) -> nn.ModuleDict:
        """Return the moving average: 'unet' and 'text_encoder'."""
        return self.module['average']

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the mean squared error of the predicted noise."""
        count = self.optimization.batch
        chosen = torch.randint(len(self.latents), (count,), generator=self.random)
        tokens = self.tokens[chosen]
        dropped = torch.rand(count, generator=self.random) < self.config.caption_dropout
        tokens = torch.where(dropped[:, None], self.empty, tokens)
        clean = self.latents[chosen]
        noise = torch.randn(clean.shape, generator=self.random)
        times = torch.randint(self.scheduler.config.num_train_timesteps, (count,),
                              generator=self.random)
        noisy = self.scheduler.add_noise(clean, noise, times)
        text = self.module['text_encoder'](tokens).last_hidden_state
        loss = functional.mse_loss(self.module['unet'](noisy, times, text).sample, noise)
        return loss, {'noise': loss}

    @torch.no_grad()
    def update(self) -> dict[str, float]:
        """Make one update, and move the average."""
        with torch.enable_grad():
            parts = super().update()
        # The first weights are random: an average that remembers them long would be, too.
        keep = min(self.optimization.ema_decay, (1 + self.step) / (10 + self.step))
        for name in ('unet', 'text_encoder'):
            mean, now = self.average[name].parameters(), self.module[name].parameters()
            torch._foreach_lerp_(list(mean), list(now), 1 - keep)
        return parts
