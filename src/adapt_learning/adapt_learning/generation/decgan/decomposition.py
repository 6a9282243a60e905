"""The decomposition z = z_c + z_a of a fixed generator (dissertation 2.1.2, eq. 2.1 to 2.6)."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.backbone import Backbone, kl_to_standard, sample
from adapt_learning.generation.decgan.batches import Batches, as_images
from adapt_learning.generation.decgan.class_moments import FITTED, ClassMoments
from adapt_learning.generation.decgan.class_normal import ClassNormal
from adapt_learning.generation.decgan.image_set import Pictures
from adapt_learning.stacked.config import OptimizationConfig, one_of
from adapt_learning.stacked.training import Training

_REFRESHED, _REFRESH_EVERY = 2000, 25
"""Pictures that the moments of classes are taken from while training, and updates between."""
MOMENTS = 'moments'


@dataclass(frozen=True)
class DecompositionConfig:
    """Sizes of the codes and weights of the losses; the dissertation gives none."""

    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=1000, batch=32, learning_rate=2e-3, warmup_steps=50, precision='float32'))
    """ema_decay and what belongs to validation are not used, see `Training`."""
    content_code: int = 16
    """Elements of z'_c."""
    attribute_code: int = 8
    """Elements of z'_a; where `begin` is moments there is one less than there are classes."""
    reconstruction_weight: float = 20.0
    """Of eq. 2.1, mean over pixels."""
    content_kl_weight: float = 1e-2
    """Of eq. 2.2 [nats per picture]."""
    attribute_kl_weight: float = 5e-2
    """
    Of eq. 2.3 [nats per picture]. Where it is as small as that of the content, z_a takes everything
    and swaps draw the donor.
    """
    guide: str = 'logits'
    """
    What C says in eq. 2.4: logits, mean difference over classes; or, not in the text, classes, the
    KL divergence of their probabilities [nats]. Logits tell more than the class, so z_a holds more.
    """
    guide_weight: float = 1.0
    """Of eq. 2.4."""
    content_weight: float = 1.0
    """Of eq. 2.5, mean over z."""
    attribute_weight: float = 1.0
    """Of eq. 2.6, mean over z."""
    swap_weight: float = 0.0
    """Not in the text: eq. 2.4 for the content of another picture instead of a random one."""
    class_normal: bool = False
    """Not in the text: z'_c with the same mean and covariance in every class, see `ClassNormal`."""
    begin: str = 'generator'
    """
    What the encoders begin as: generator, its own encoder's convolutions; or, not in the text,
    moments: E_c as `ClassMoments`, and E_a with the classifier's convolutions.
    """
    moments_weight: float = 0.0
    """Not in the text: of the mean squared difference of codes from those of `ClassMoments`."""

    def __post_init__(self):
        one_of('guide', self.guide, ('logits', 'classes'))
        one_of('begin', self.begin, ('generator', MOMENTS))
        if self.moments_weight and self.begin != MOMENTS:
            raise SettingError(f"moments_weight goes with begin '{MOMENTS}'; got begin "
                               f"'{self.begin}': set both")
        for name in ('content_code', 'attribute_code'):
            if getattr(self, name) < 1:
                raise SettingError(f'{name} is at least 1; got {getattr(self, name)}')
        for name in ('reconstruction', 'content_kl', 'attribute_kl', 'guide', 'content',
                     'attribute', 'swap', 'moments'):
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

    def __init__(self, backbone: Backbone, config: DecompositionConfig, classes: int):
        super().__init__()
        self.content = PartEncoder(backbone, config.content_code)
        means = min(classes - 1, backbone.config.latent)
        self.attribute = PartEncoder(
            backbone, means if config.begin == MOMENTS else config.attribute_code)
        self.normal = ClassNormal(config.content_code, classes) if config.class_normal else None

    def content_codes(self, images: Tensor, classifier: nn.Module) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of z'_c; C is asked only where it is normal by class."""
        mean, log_variance = self.content.encoder(images)
        if self.normal is not None:
            mean = self.normal(mean, classifier(images).softmax(1))
        return mean, log_variance

    def z_c(self, images: Tensor, classifier: nn.Module) -> Tensor:
        """Return content [B, latent] at the mean of its code."""
        return self.content.last(self.content_codes(images, classifier)[0])


class DecompositionTraining(Training):
    """
    Trains the two encoders; generator and classifier are fixed.

    Labels are not needed: whatever is known of the attribute comes from the classifier.
    """

    def __init__(self, decomposition: Decomposition, backbone: Backbone, classifier: nn.Module,
                 pictures: Pictures, config: DecompositionConfig, seed: int = 0):
        super().__init__(decomposition, config.optimization, seed)
        self.parts, self.config = decomposition, config
        self.generator = backbone.generator.eval().requires_grad_(False)
        self.classifier = classifier.eval().requires_grad_(False)
        chosen = np.random.default_rng(seed).permutation(len(pictures))[:FITTED]
        self.fitted = pictures.images[chosen]
        """Pictures that moments are taken from."""
        if config.begin == MOMENTS:
            self.moments = ClassMoments(backbone, classifier, self.fitted, config.content_code)
            begin_at_moments(decomposition, backbone, classifier, self.moments)
        any_label = next(iter(pictures.labels.values()))
        self.batches = Batches(pictures.images, any_label, config.optimization.batch)

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum of eq. 2.1 to 2.6 and what was added to them."""
        config, parts, count = self.config, self.parts, self.config.optimization.batch
        if parts.normal is not None and self.step % _REFRESH_EVERY == 0:
            self._refresh(_REFRESHED)
        images, _ = self.batches.draw(self.random)
        content_mean, content_log = parts.content_codes(images, self.classifier)
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
            'guide': self._unlike(other_content, told),
            'content': (parts.z_c(other_attribute, self.classifier) - z_c).abs().mean(),
            'attribute': (parts.attribute(other_content) - z_a).abs().mean()}
        if config.swap_weight:
            # The batch is drawn at random, so its neighbour is as good as any other picture.
            swapped = self.generator(z_c + z_a.roll(1, 0))
            found['swap'] = self._unlike(swapped, told.roll(1, 0))
        if config.moments_weight:
            with torch.no_grad():
                content, attribute = self.moments.codes(images)
            found['moments'] = ((content_mean - content).square().mean()
                                + (attribute_mean - attribute).square().mean())
        total = sum(getattr(config, f'{name}_weight') * value for name, value in found.items())
        return total, found

    def update(self) -> dict[str, float]:
        """Make one update; behind the last one all moments are those of the final encoder."""
        told = super().update()
        if self.parts.normal is not None and self.step == self.optimization.steps:
            self._refresh(FITTED)
        return told

    def _unlike(self, images: Tensor, told: Tensor) -> Tensor:
        """Return how much C says something else of pictures than it told [B, classes]."""
        said = self.classifier(images)
        if self.config.guide == 'logits':
            return (said - told).abs().mean()
        return functional.kl_div(said.log_softmax(1), told.log_softmax(1), log_target=True,
                                 reduction='batchmean')

    @torch.no_grad()
    def _refresh(self, count: int) -> None:
        codes, shares = zip(*(
            (self.parts.content.encoder(images)[0], self.classifier(images).softmax(1))
            for images in map(as_images, np.array_split(self.fitted[:count], 1 + count // 500))
        ), strict=True)
        self.parts.normal.fit(torch.cat(codes), torch.cat(shares))


@torch.no_grad()
def begin_at_moments(parts: Decomposition, backbone: Backbone, classifier: nn.Module,
                     moments: ClassMoments) -> None:
    """Make E_c what moments make of the generator's own encoder; E_a sees what C sees."""
    own, new = backbone.encoder.head, parts.content.encoder.head
    to_mean, code = moments.content_map.T, parts.content.code
    latent = backbone.config.latent
    new.weight[:code], new.bias[:code] = to_mean @ own.weight[:latent], to_mean @ own.bias[:latent]
    parts.content.last.weight.copy_(moments.content_basis)
    parts.content.last.bias.zero_()
    parts.attribute.encoder.trunk.load_state_dict(classifier.trunk.state_dict())
    parts.attribute.last.weight.copy_(moments.attribute_basis)
    parts.attribute.last.bias.copy_(moments.centre)
