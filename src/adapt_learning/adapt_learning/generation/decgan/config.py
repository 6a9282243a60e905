"""All settings of a dec-GAN, and the two presets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType

from adapt_learning.generation.decgan.backbone import BackboneConfig
from adapt_learning.generation.decgan.classifier import ClassifierConfig
from adapt_learning.generation.decgan.decomposition import MOMENTS, DecompositionConfig
from adapt_learning.generation.decgan.generator_training import GeneratorConfig
from adapt_learning.stacked.config import one_of


@dataclass(frozen=True)
class DecGanConfig:
    """Networks and the three stages of their training."""

    network: BackboneConfig = field(default_factory=BackboneConfig)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    classifier: ClassifierConfig = field(default_factory=ClassifierConfig)
    decomposition: DecompositionConfig = field(default_factory=DecompositionConfig)


def _swap() -> DecGanConfig:
    return DecGanConfig(decomposition=DecompositionConfig(
        content_code=8, guide='classes', swap_weight=1.0, class_normal=True, begin=MOMENTS,
        moments_weight=1.0))


PRESETS: MappingProxyType[str, Callable[[], DecGanConfig]] = MappingProxyType(
    {'text': DecGanConfig, 'swap': _swap})
"""text: the losses of the dissertation; swap: what makes content tell less of the attribute."""


def preset(name: str) -> DecGanConfig:
    """Return a preset; SettingError for a name that there is not."""
    one_of('preset', name, tuple(PRESETS))
    return PRESETS[name]()
