"""The classifier C of an attribute, trained before the decomposition and fixed during it."""

from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.generation.decgan.batches import Batches
from adapt_learning.generation.decgan.image_set import Pictures
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training


@dataclass(frozen=True)
class ClassifierConfig:
    """How the classifier learns."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=1500, batch=64, learning_rate=2e-3, warmup_steps=20, weight_decay=1e-2,
        precision='float32'))
    """ema_decay and what belongs to validation are not used, see `Training`."""


class Classifier(nn.Module):
    """The convolutions of a backbone, then one layer."""

    def __init__(self, trunk: nn.Module, features: int, classes: int):
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(features, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [B, classes] of pictures [B, C, S, S] in 0..1."""
        return self.head(self.trunk(images))


class ClassifierTraining(Training):
    """Cross-entropy on labelled pictures."""

    def __init__(self, classifier: nn.Module, pictures: Pictures, attribute: str,
                 config: ClassifierConfig, seed: int = 0):
        super().__init__(classifier, config.optimization, seed)
        self.batches = Batches(pictures.images, pictures.labels[attribute],
                               config.optimization.batch)

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the cross-entropy [nats]."""
        images, labels = self.batches.draw(self.random)
        loss = functional.cross_entropy(self.module(images), labels)
        return loss, {'cross_entropy': loss}
