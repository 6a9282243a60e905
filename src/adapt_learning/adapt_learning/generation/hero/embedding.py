"""The embedding E and the head g that learn from good and bad latents (eq. 2.9)."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import OptimizationConfig, one_of
from adapt_learning.stacked.training import Training

LATENTS = ('final', 'before_last')


@dataclass(frozen=True)
class EmbeddingConfig:
    """Networks and their training (table 2.5 and section 2.2.8)."""

    latent: str = 'final'
    """final: z_0, as in the text; before_last: z_1, as in the published code."""
    channels: tuple[int, ...] = (16, 32, 64)
    """Of the convolutions: the text ends with 8 x 8 x 64, the published code has 8, 16, 32."""
    side: int = 8
    """Latents are halved (at most once per convolution) while they are larger than this."""
    width: int = 4096
    """Of the representation: 4096 in the text, 2048 in the published code."""
    head: tuple[int, ...] = (2048, 1024, 512)
    """Outputs of the head's layers."""
    margin: float = 0.5
    """alpha of eq. 2.9."""
    learning_rate: float = 1e-5
    batch: int = 2048
    """Triplets per update."""
    updates: int = 500
    """Per round; of the published code, the text does not say."""

    def __post_init__(self):
        one_of('latent', self.latent, LATENTS)
        whole = (*self.channels, self.side, self.width, *self.head, self.batch)
        if min(whole) < 1 or not self.channels or not self.head or self.updates < 0:
            raise SettingError('sizes of the embedding are at least 1 and there are one '
                               f'convolution and one layer of the head or more; got {self}')
        if self.margin <= 0 or self.learning_rate <= 0:
            raise SettingError('margin and learning rate are above 0; got '
                               f'{self.margin} and {self.learning_rate}')


class Embedding(nn.Module):
    """E: latents [B, C, h, w] of any size -> representation [B, width]; `head` is g."""

    def __init__(self, config: EmbeddingConfig, shape: tuple[int, int, int]):
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise((channels, *config.channels)):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
            if min(height, width) >= 2 * config.side:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.project = nn.Linear(config.channels[-1] * height * width, config.width)
        head: list[nn.Module] = []
        for before, after in itertools.pairwise((config.width, *config.head)):
            head += [nn.Linear(before, after), nn.ReLU()]
        self.head = nn.Sequential(*head[:-1])

    def forward(self, latents: Tensor) -> Tensor:
        """Return representations."""
        return self.project(self.features(latents))


def triplet_loss(best: Tensor, good: Tensor, bad: Tensor, margin: float) -> Tensor:
    """
    Return the mean of max(d(best, good) - d(best, bad) + alpha, 0) (eq. 2.9); rows [..., D].

    S of the text has to be a distance, or good pictures would be pushed away; as in the published
    code it is (1 - cos) / 2. The cosine is taken over the D features of a row: the published code
    takes it over the batch, which is a mistake and no choice here.
    """
    cosine = nn.functional.cosine_similarity
    far, near = (1 - cosine(best, bad, dim=-1)) / 2, (1 - cosine(best, good, dim=-1)) / 2
    return (near - far + margin).relu().mean()


class EmbeddingTraining(Training):
    """Trains E and g on the latents of the current round; both stay warm between rounds."""

    def __init__(self, config: EmbeddingConfig, shape: tuple[int, int, int],
                 device: torch.device | str, seed: int):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = Embedding(config, shape).to(device)
        super().__init__(module, OptimizationConfig(
            learning_rate=config.learning_rate, decay='constant', warmup_steps=0), seed)
        self.config = config
        self._examples: tuple[Tensor, Tensor, Tensor] | None = None

    def learn(self, best: Tensor | None, good: Tensor, bad: Tensor,
              tell: Callable[[int], None] = lambda done: None) -> float:
        """
        Make the updates of one round; return the mean loss of the last tenth of them.

        Latents [C, h, w] of the best (None: every good one is an anchor in turn), [M, C, h, w] of
        the good and of the bad ones, at least one each.
        """
        device = next(self.module.parameters()).device
        anchor = good if best is None else best[None]
        self._examples = (anchor.to(device), good.to(device), bad.to(device))
        losses = []
        for done in range(self.config.updates):
            losses.append(self.update()['triplet'])
            tell(done + 1)
        last = losses[-max(1, len(losses) // 10):]
        return sum(last) / len(last) if last else 0.0

    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a batch of random triplets."""
        anchor, good, bad = self._examples
        # Every picture goes through the network once, however many triplets it is in.
        rows = self.module.head(self.module(torch.cat([anchor, good, bad])))
        first, second, third = rows.split([len(anchor), len(good), len(bad)])
        loss = triplet_loss(first[self._draw(len(anchor))], second[self._draw(len(good))],
                            third[self._draw(len(bad))], self.config.margin)
        return loss, {'triplet': loss}

    @torch.no_grad()
    def represent(self, latents: Tensor) -> Tensor:
        """Return E of latents [N, C, h, w] as float32 [N, width] on the CPU."""
        device = next(self.module.parameters()).device
        return self.module(latents.to(device)).float().cpu()

    def _draw(self, count: int) -> Tensor:
        return torch.randint(count, (self.config.batch,), generator=self.random)
