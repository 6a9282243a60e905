"""The decomposition z = z_c + z_a of a fixed generator (dissertation 2.1.2, eq. 2.1 to 2.6)."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.adversary import Adversary
from adapt_learning.generation.decgan.backbone import Backbone, kl_to_standard, sample
from adapt_learning.generation.decgan.batches import Batches
from adapt_learning.generation.decgan.image_set import Pictures
from adapt_learning.stacked.checkpoint import Checkpoint
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training

_ADVERSARY = 'adversary'


@dataclass(frozen=True)
class DecompositionConfig:
    """Sizes of the codes and weights of the losses; the dissertation gives none."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=1000, batch=32, learning_rate=2e-3, warmup_steps=50, precision='float32'))
    content_code: int = 16
    """Elements of z'_c."""
    attribute_code: int = 8
    """Elements of z'_a."""
    reconstruction_weight: float = 20.0
    """Of eq. 2.1, mean over pixels."""
    content_kl_weight: float = 1e-2
    """Of eq. 2.2 [nats per picture]."""
    attribute_kl_weight: float = 5e-2
    """
    Of eq. 2.3 [nats per picture]. Where it is as small as that of the content, z_a takes everything
    and swaps draw the donor.
    """
    guide_weight: float = 1.0
    """Of eq. 2.4, mean over classes."""
    content_weight: float = 1.0
    """Of eq. 2.5, mean over z."""
    attribute_weight: float = 1.0
    """Of eq. 2.6, mean over z."""
    swap_weight: float = 0.0
    """Not in the text: eq. 2.4 for the content of another picture instead of a random one."""
    adversary_weight: float = 0.0
    """Not in the text: of hiding C(x) from a small network that reads z_c."""
    adversary_width: int = 128
    adversary_steps: int = 8
    """Of that network for one of the encoders."""

    def __post_init__(self):
        for name in ('content_code', 'attribute_code', 'adversary_width', 'adversary_steps'):
            if getattr(self, name) < 1:
                raise SettingError(f'{name} is at least 1; got {getattr(self, name)}')
        for name in ('reconstruction', 'content_kl', 'attribute_kl', 'guide', 'content',
                     'attribute', 'swap', 'adversary'):
            value = getattr(self, f'{name}_weight')
            if value < 0:
                raise SettingError(f'{name}_weight is not negative; got {value}')


class PartEncoder(nn.Module):
    """E_c or E_a: pictures -> code z' -> part of z, by the final layer that samples go through."""

    def __init__(self, backbone: Backbone, code: int):
        super().__init__()
        self.code = code
        self.encoder = backbone.new_encoder(code)
        # What the generator's encoder sees is a good begin; only the codes are new.
        self.encoder.trunk.load_state_dict(backbone.encoder.trunk.state_dict())
        self.last = nn.Linear(code, backbone.config.latent)

    def forward(self, images: Tensor) -> Tensor:
        """Return the part of z [B, latent] at the mean of the code."""
        return self.last(self.encoder(images)[0])

    def random(self, count: int, random: torch.Generator) -> Tensor:
        """Return parts of z [count, latent] of codes drawn from N(0, 1)."""
        return self.last(torch.randn(count, self.code, generator=random))


class Decomposition(nn.Module):
    """Both encoders beside the generator that they decompose."""

    def __init__(self, backbone: Backbone, config: DecompositionConfig):
        super().__init__()
        self.content = PartEncoder(backbone, config.content_code)
        self.attribute = PartEncoder(backbone, config.attribute_code)


class DecompositionTraining(Training):
    """
    Trains the two encoders; generator and classifier are fixed.

    Labels are not needed: whatever is known of the attribute comes from the classifier.
    """

    def __init__(self, decomposition: Decomposition, backbone: Backbone, classifier: nn.Module,
                 pictures: Pictures, config: DecompositionConfig, seed: int = 0):
        super().__init__(decomposition, config.optimization, seed)
        self.adversary = None
        if config.adversary_weight:
            self.adversary = Adversary(
                config.content_code, config.adversary_width, classifier.head.out_features)
        self.parts, self.config = decomposition, config
        self.generator = backbone.generator.eval().requires_grad_(False)
        self.classifier = classifier.eval().requires_grad_(False)
        any_label = next(iter(pictures.labels.values()))
        self.batches = Batches(pictures.images, any_label, config.optimization.batch)

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum of eq. 2.1 to 2.6 and what was added to them."""
        config, parts, count = self.config, self.parts, self.config.optimization.batch
        images, _ = self.batches.draw(self.random)
        content_mean, content_log = parts.content.encoder(images)
        attribute_mean, attribute_log = parts.attribute.encoder(images)
        z_c = parts.content.last(sample(content_mean, content_log, self.random))
        z_a = parts.attribute.last(sample(attribute_mean, attribute_log, self.random))
        random_c = parts.content.random(count, self.random)
        random_a = parts.attribute.random(count, self.random)
        made = self.generator(torch.cat((z_c + z_a, random_c + z_a, z_c + random_a)))
        rebuilt, other_content, other_attribute = made.chunk(3)
        with torch.no_grad():
            told = self.classifier(images)
        found = {
            'reconstruction': (rebuilt - images).abs().mean(),
            'content_kl': kl_to_standard(content_mean, content_log),
            'attribute_kl': kl_to_standard(attribute_mean, attribute_log),
            'guide': (self.classifier(other_content) - told).abs().mean(),
            'content': (parts.content(other_attribute) - z_c).abs().mean(),
            'attribute': (parts.attribute(other_content) - z_a).abs().mean()}
        if config.swap_weight:
            # The batch is drawn at random, so its neighbour is as good as any other picture.
            swapped = self.generator(z_c + z_a.roll(1, 0))
            found['swap'] = (self.classifier(swapped) - told.roll(1, 0)).abs().mean()
        if self.adversary is not None:
            # Of z'_c: the layer behind it is linear and can hide nothing from who reads this.
            adversary_loss = self.adversary.learn(
                content_mean, told.softmax(1), config.adversary_steps, self.random)
            found['adversary'] = self.adversary.blame(content_mean)
        total = sum(getattr(config, f'{name}_weight') * value for name, value in found.items())
        if self.adversary is not None:
            found['read'] = torch.tensor(adversary_loss)
        return total, found

    def checkpoint(self) -> Checkpoint:
        """Return the state between two updates, with that of the adversary."""
        state = super().checkpoint()
        if self.adversary is not None:
            state.tensors.update({f'{_ADVERSARY}.{name}': x
                                  for name, x in self.adversary.state_dict().items()})
        return state

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a state of the same training."""
        super().restore(checkpoint)
        if self.adversary is not None:
            self.adversary.load_state_dict(
                {name.removeprefix(f'{_ADVERSARY}.'): x for name, x in checkpoint.tensors.items()
                 if name.startswith(f'{_ADVERSARY}.')})
