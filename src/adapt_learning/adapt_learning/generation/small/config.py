"""All settings of a small model."""

from dataclasses import dataclass, field

from adapt_learning.errors import SettingError
from adapt_learning.generation.small.autoencoder import AutoencoderConfig
from adapt_learning.generation.small.denoiser import DenoiserConfig
from adapt_learning.generation.small.pictures import PicturesConfig


@dataclass(frozen=True)
class MeasureConfig:
    """How its success rates are measured: with guidance and eta of table 2.5."""

    pictures: int = 200
    """Per prompt; 0: nothing is measured."""
    steps: int = 20
    guidance: float = 5.0
    """Weight of classifier-free guidance."""
    eta: float = 1.0
    """Of DDIM: 0 adds no noise, 1 as much as DDPM."""

    def __post_init__(self):
        if self.pictures < 0 or self.steps < 1:
            raise SettingError('pictures is not negative and steps is at least 1; got '
                               f'{self.pictures} and {self.steps}')
        if self.guidance < 1 or not 0 <= self.eta <= 1:
            raise SettingError('guidance is at least 1 and eta lies in 0..1; got '
                               f'{self.guidance} and {self.eta}')


@dataclass(frozen=True)
class SmallConfig:
    """What it learns from, its two parts, and how it is measured."""

    pictures: PicturesConfig = field(default_factory=PicturesConfig)
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
