"""Autoencoder filter (dissertation eq. 3.7-3.8): what cannot be reconstructed is suspicious.

A network with a narrow middle is trained to give back the values of one side. Most values are
clean, so it learns to squeeze these; the squared error of a polluted value stays large.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.restoration.base import Filter, Progress, Side
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import MLPConfig, StackedMLP
from adapt_learning.stacked.short_training import train
from adapt_learning.stacked.stage import Draws, Samples, Stage

CHUNK = 16_384
"""Rows that are scored at once, so that a million of them need little memory."""


@dataclass(frozen=True)
class AutoencoderConfig:
    """Shape and training of the autoencoder of one side."""

    network: MLPConfig = field(default_factory=lambda: MLPConfig(128, 2, 'silu'))
    """Of the encoder; the decoder has the same shape."""
    bottleneck: int = 0
    """Size of the features z; 0: half of the elements that vary, rounded up."""
    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=2000, batch=128, learning_rate=2e-3, ema_decay=0.99, precision='float32'))
    training_rows: int = 50_000
    """At most so many rows, drawn at random, are trained on."""

    def __post_init__(self):
        if self.bottleneck < 0:
            raise SettingError(f'bottleneck is 0 (half of the elements) or more; got '
                               f'{self.bottleneck}')
        if self.training_rows < 2:
            raise SettingError(f'training_rows is at least 2; got {self.training_rows}')


@dataclass(frozen=True)
class Values(Samples):
    """Values of one side, float32 [1, B, D]."""

    value: Tensor


class Autoencoder(nn.Module):
    """phi of eq. 3.7-3.8: D elements -> features z -> D elements."""

    def __init__(self, config: AutoencoderConfig, size: int, seed: int):
        super().__init__()
        self.config, self.seeds = config, (seed,)
        width = min(config.bottleneck or (size + 1) // 2, size)
        self.encoder = StackedMLP(config.network, size, width,
                                  MemberRandom(self.seeds, 'encoder weights'))
        self.decoder = StackedMLP(config.network, width, size,
                                  MemberRandom(self.seeds, 'decoder weights'))

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstruction of x [1, B, D]."""
        return self.decoder(self.encoder(x))

    def stages(self) -> tuple[Stage, ...]:
        """Return the only stage."""
        return (ReconstructionStage(self),)

    def errors(self, values: np.ndarray) -> np.ndarray:
        """Return the squared error of every row of [N, D], float64 [N]."""
        def error(x: Tensor) -> Tensor:
            return (self(x) - x).square().sum(-1)
        return self._in_chunks(error, values).astype(np.float64)

    def features(self, values: np.ndarray) -> np.ndarray:
        """Return z of every row of [N, D], float32 [N, bottleneck]."""
        return self._in_chunks(self.encoder, values)

    @torch.no_grad()
    def _in_chunks(self, function: Callable[[Tensor], Tensor], values: np.ndarray) -> np.ndarray:
        parts = [function(torch.from_numpy(values[i:i + CHUNK])[None])[0].numpy()
                 for i in range(0, len(values), CHUNK)]
        return np.concatenate(parts)


class ReconstructionStage(Stage):
    """Minimise the reconstruction loss of eq. 3.7 (states) or 3.8 (actions)."""

    name = 'autoencoder'

    def __init__(self, module: Autoencoder):
        self.module, self.config = module, module.config.optimization

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw nothing."""
        return {}

    def loss(self, batch: Values, draws: Draws) -> dict[str, Tensor]:
        """Return the mean squared error of the batch [1]."""
        return {'loss': self.score(batch)}

    def score(self, batch: Values) -> Tensor:
        """Return the mean squared error [1]."""
        return (self.module(batch.value) - batch.value).square().mean((1, 2))


def trained_autoencoder(values: np.ndarray, config: AutoencoderConfig, seed: int,
                        progress: Progress) -> Autoencoder:
    """
    Return an autoencoder trained on values [N, D].

    Deterministic by seed. `progress` is told in between; what it raises (Cancelled) goes through.
    """
    rows = np.arange(len(values))
    if len(rows) > config.training_rows:
        rows = np.sort(np.random.default_rng(seed).choice(
            len(rows), config.training_rows, replace=False))
    module = Autoencoder(config, values.shape[1], seed)
    train(module, Values(torch.from_numpy(values[rows])[None]), None, progress)
    return module


class AutoencoderFilter(Filter):
    """Scores by the reconstruction error, as reconstruction-based anomaly detection does."""

    Config = AutoencoderConfig

    def scores(self, side: Side, seed: int, progress: Progress) -> np.ndarray:
        """Return the squared reconstruction error of every row, float64 [N]."""
        values = varying(side.values)
        if values.shape[1] == 0:
            return np.zeros(len(values))
        return trained_autoencoder(values, self.config, seed, progress).errors(values)


def varying(values: np.ndarray) -> np.ndarray:
    """Return the elements [N, d] that are not constant: the others tell nothing."""
    return np.ascontiguousarray(values[:, np.ptp(values, axis=0) > 0])
