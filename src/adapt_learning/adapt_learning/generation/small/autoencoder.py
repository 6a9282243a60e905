"""The autoencoder: pictures to latents of a quarter of their side, and back."""

from dataclasses import dataclass, field

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training

LATENT_CHANNELS = 4
_GROUPS = 8


@dataclass(frozen=True)
class AutoencoderConfig:
    """Sizes, and how it is trained."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=2500, batch=8, learning_rate=2e-3, warmup_steps=50, gradient_clip=1.0,
        ema_decay=0.0, precision='float32'))
    """The average of the weights is not used."""
    channels: tuple[int, ...] = (16, 32, 48)
    """At full, half and quarter side; multiples of 8."""
    square_weight: float = 2.0
    """Of squared differences of pixels, beside the absolute ones."""
    colour_weight: float = 8.0
    """Of squared errors of the colour apart from the grey; or patterns in grey come first."""
    edge_weight: float = 0.25
    """Of the differences of neighbouring pixels."""
    kl_weight: float = 1e-4
    """Of the divergence of the latents from a standard normal distribution, per pixel value."""

    def __post_init__(self):
        if len(self.channels) != 3 or any(n < _GROUPS or n % _GROUPS for n in self.channels):
            raise SettingError('the autoencoder has three numbers of channels, each a multiple of '
                               f'{_GROUPS}; got {self.channels}')
        for name in ('square_weight', 'colour_weight', 'edge_weight', 'kl_weight'):
            if getattr(self, name) < 0:
                raise SettingError(f'{name} is not negative; got {getattr(self, name)}')


def make_autoencoder(config: AutoencoderConfig, size_px: int) -> AutoencoderKL:
    """Return an untrained autoencoder; torch's global seed decides its weights."""
    levels = len(config.channels)
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=LATENT_CHANNELS, sample_size=size_px,
        block_out_channels=config.channels, layers_per_block=1, norm_num_groups=_GROUPS,
        down_block_types=('DownEncoderBlock2D',) * levels,
        up_block_types=('UpDecoderBlock2D',) * levels, mid_block_add_attention=False)


class AutoencoderTraining(Training):
    """
    Learns to give pictures back: their values, their edges, and latents near N(0, I).

    `pictures` are uint8 [N, 3, H, W].
    """

    def __init__(self, autoencoder: AutoencoderKL, pictures: Tensor, config: AutoencoderConfig,
                 seed: int):
        # Channels last: faster on a processor.
        module = autoencoder.train().to(memory_format=torch.channels_last)
        super().__init__(module, config.optimization, seed)
        self.pictures, self.config = pictures, config

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum, and its parts."""
        chosen = torch.randint(len(self.pictures), (self.optimization.batch,),
                               generator=self.random)
        x = scaled(self.pictures[chosen]).contiguous(memory_format=torch.channels_last)
        latent = self.module.encode(x).latent_dist
        y = self.module.decode(latent.sample(self.random)).sample
        error = x - y
        parts = {
            'value': error.abs().mean(),
            'square': error.square().mean(),
            'colour': (error - error.mean(1, keepdim=True)).square().mean(),
            'edge': sum(error.diff(dim=dim).abs().mean() for dim in (2, 3)),
            'kl': latent.kl().mean() / x[0].numel()}
        weights = {'value': 1.0, **{name: getattr(self.config, f'{name}_weight')
                                    for name in ('square', 'colour', 'edge', 'kl')}}
        return sum(weight * parts[name] for name, weight in weights.items()), parts


def scaled(pictures: Tensor) -> Tensor:
    """Return uint8 pictures as the float32 in -1..1 that the autoencoder takes."""
    return pictures.float() / 127.5 - 1


@torch.no_grad()
def encode(autoencoder: AutoencoderKL, pictures: Tensor, batch: int = 256) -> Tensor:
    """Return the mean latents float32 [N, 4, h, w] of uint8 pictures [N, 3, H, W], unscaled."""
    autoencoder.eval()
    return torch.cat([autoencoder.encode(scaled(part)).latent_dist.mean
                      for part in pictures.split(batch)])
