"""All settings of a dec-GAN: `--set network.latent=32`, `--set decomposition.swap_weight=1`."""

from dataclasses import dataclass, field

from adapt_learning.generation.decgan.backbone import BackboneConfig
from adapt_learning.generation.decgan.classifier import ClassifierConfig
from adapt_learning.generation.decgan.decomposition import DecompositionConfig
from adapt_learning.generation.decgan.generator_training import GeneratorConfig


@dataclass(frozen=True)
class DecGanConfig:
    """Networks and the three stages of their training."""

    network: BackboneConfig = field(default_factory=BackboneConfig)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    classifier: ClassifierConfig = field(default_factory=ClassifierConfig)
    decomposition: DecompositionConfig = field(default_factory=DecompositionConfig)
