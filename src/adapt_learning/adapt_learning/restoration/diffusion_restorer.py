"""Restoration by conditional diffusion with a noise level predictor (dissertation 3.2.3).

| dissertation | here |
|---|---|
| theta_s, theta_a (eq. 3.10, 3.11) | `denoiser` |
| psi_s, psi_a (eq. 3.12, 3.13) | `predictor` |
| T | `training.schedule.steps` |
| t* | `level` |
| t_thres | `threshold` |
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adapt_learning.diffusion.denoiser import Denoiser, DenoiserConfig
from adapt_learning.diffusion.schedules import ScheduleConfig
from adapt_learning.errors import SettingError
from adapt_learning.restoration.base import Progress, Restored, Restorer
from adapt_learning.restoration.conditional_denoiser import DenoisingStage, walk_back
from adapt_learning.restoration.noise_level import NoiseLevelPredictor, NoiseLevelStage
from adapt_learning.restoration.noising import Noising
from adapt_learning.restoration.pairs import Pairs
from adapt_learning.stacked.config import OptimizationConfig, one_of, to_values
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import MLPConfig
from adapt_learning.stacked.short_training import train
from adapt_learning.stacked.stage import Stage

ROWS = 16_384
"""Rows that walk back together: memory stays bounded, the matmuls are large enough."""
SCALES = ('polluted', 'diffused')


@dataclass(frozen=True)
class DiffusionTrainingConfig:
    """What the networks learn; all variants share it, and with it the trained networks."""

    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(
        kind='squaredcos_cap_v2', steps=100))
    denoiser: DenoiserConfig = field(default_factory=lambda: DenoiserConfig(
        width=256, embedding='sinusoidal', activation='silu'))
    denoiser_optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=6000, batch=256))
    predictor: MLPConfig = field(default_factory=lambda: MLPConfig(width=128))
    predictor_optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=3000, batch=256))
    scale: str = 'polluted'
    """
    How a polluted value x' enters. diffused: as it is, taken for x_n = alpha_n x_0 + sigma_n
    epsilon (the text's words). polluted: as x_0 + (sigma_n / alpha_n) epsilon, which it is; the
    predictor learns on such values, and the way back begins at alpha_n x'.
    """

    def __post_init__(self):
        one_of('scale', self.scale, SCALES)


@dataclass(frozen=True)
class DiffusionRestorerConfig:
    """Settings of the restorer."""

    training: DiffusionTrainingConfig = field(default_factory=DiffusionTrainingConfig)
    threshold: int = 25
    """t_thres: a value whose predicted level is lower is trusted and kept as it is."""
    draw: str = 'sample'
    """sample: a draw of the reverse process, as in the text. mean: every step takes its mean."""

    def __post_init__(self):
        one_of('draw', self.draw, ('sample', 'mean'))
        if not 0 <= self.threshold <= self.training.schedule.steps + 1:
            raise SettingError('threshold lies in 0..T+1 (T + 1 keeps every value); got '
                               f'{self.threshold} with T = {self.training.schedule.steps}')


class DiffusionRestorer(Restorer):
    """Predict t*; below t_thres keep the value, else denoise it from t*."""

    Config = DiffusionRestorerConfig

    def __init__(self, config: DiffusionRestorerConfig):
        super().__init__(config)
        self.noising = Noising(config.training.schedule)

    def fit(self, values: np.ndarray, condition: np.ndarray, seed: int,
            progress: Progress) -> None:
        """Train theta and psi on clean pairs."""
        self._build(values.shape[1], condition.shape[1], seed)
        self.low, self.high = (torch.from_numpy(edge(values, axis=0)) for edge in (np.min, np.max))
        train(self._networks, Pairs.of(values, condition), None, progress)

    def restore(self, values: np.ndarray, known: np.ndarray, condition: np.ndarray, seed: int,
                progress: Progress) -> Restored:
        """
        Restore values; rows are independent of each other but for the draws.

        An unknown value starts at level T, where nothing is left of any value.
        """
        generator = torch.Generator().manual_seed(seed)
        parts = []
        with torch.no_grad():
            for first in range(0, len(values), ROWS):
                rows = slice(first, first + ROWS)
                done, share = first / len(values), min(ROWS, len(values) - first) / len(values)
                parts.append(self._restore(
                    *(torch.from_numpy(np.ascontiguousarray(x[rows]))
                      for x in (values, known, condition)), generator,
                    lambda s, done=done, share=share: progress(done + share * s, 'walking back')))
        if not parts:
            return Restored(values, np.zeros(0, np.int64), np.zeros(0, bool))
        return Restored(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def levels(self, values: Tensor, condition: Tensor) -> Tensor:
        """Return t* of values [B, D], int64 [B] in 0..T."""
        share = self._networks.predictor(values[None], condition[None])[0]
        return (share * self.noising.steps).round().long().clamp(0, self.noising.steps)

    def begin(self, values: Tensor, level: Tensor, generator: torch.Generator) -> Tensor:
        """Return the values [B, D] that stand at their levels and walk back from there."""
        if self.config.training.scale == 'diffused':
            return values
        return self.noising.alpha[level][:, None] * values

    def _restore(self, values: Tensor, known: Tensor, condition: Tensor,
                 generator: torch.Generator,
                 step) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        level = self.levels(values, condition)
        changed = (level >= self.config.threshold) & (level > 0) | ~known
        start = self.begin(values, level, generator)
        if not known.all():
            level = torch.where(known, level, self.noising.steps)
            # The mean path begins at the mean of the noise.
            start[~known] = (torch.randn(start[~known].shape, generator=generator)
                             if self.config.draw == 'sample' else 0.0)
        restored = values.clone()
        restored[changed] = walk_back(
            self._networks.denoiser, self.noising, start[changed], condition[changed],
            level[changed], self.low, self.high,
            generator if self.config.draw == 'sample' else None, step)
        return restored.numpy(), level.numpy(), changed.numpy()

    def learning(self) -> dict[str, Any]:
        """Return what `fit` depends on: all variants train the same networks."""
        return {'restorer': 'diffusion', **to_values(self.config.training)}

    def state(self) -> dict[str, np.ndarray]:
        """Return the weights and the range of the clean values."""
        arrays = {name: tensor.detach().numpy() for name, tensor in
                  self._networks.named_parameters()}
        return {**arrays, 'low': self.low.numpy(), 'high': self.high.numpy(),
                'sizes': np.array([self._networks.size, self._networks.condition_size])}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Take back what `state` returned."""
        self._build(*(int(size) for size in state['sizes']), seed=0)
        self.low, self.high = (torch.from_numpy(np.array(state[name])) for name in ('low', 'high'))
        with torch.no_grad():
            for name, parameter in self._networks.named_parameters():
                parameter.copy_(torch.from_numpy(np.array(state[name])))

    def _build(self, size: int, condition_size: int, seed: int) -> None:
        self._networks = _Networks(self.config.training, self.noising, size, condition_size, seed)


class _Networks(nn.Module):
    """theta and psi of one side, as the training loop wants them."""

    def __init__(self, config: DiffusionTrainingConfig, noising: Noising, size: int,
                 condition_size: int, seed: int):
        super().__init__()
        self.config, self.noising = config, noising
        self.size, self.condition_size = size, condition_size
        self.seeds = (seed,)
        self.denoiser = Denoiser(config.denoiser, size, noising.steps,
                                 MemberRandom(self.seeds, 'denoiser weights'), condition_size)
        self.predictor = NoiseLevelPredictor(config.predictor, size, condition_size,
                                             MemberRandom(self.seeds, 'predictor weights'))

    def stages(self) -> tuple[Stage, ...]:
        """Return both stages."""
        return (DenoisingStage(self.denoiser, self.noising, self.config.denoiser_optimization),
                NoiseLevelStage(self.predictor, self.noising, self.config.scale == 'diffused',
                                self.config.predictor_optimization))
