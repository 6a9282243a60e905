"""Trajectory filter (ours): a value is judged by its neighbours in time and by the other side.

A network predicts x_t from x_{t-k}..x_{t+k} without x_t itself, and from y_{t-k}..y_{t+k} of the
other side, as a Student t distribution per element. No row is judged by a network that was trained
on it, because where data are few a network learns by heart what is polluted: the episodes are dealt
into folds, and for each fold one network of a stack learns from the others. The surprise is how far
the value lies from the prediction, in units of how sure the prediction is: the closing of the
gripper, whose instant cannot be predicted well, is not suspected for it. Half of the log of the
scale is added, because polluted neighbours make the prediction unsure, and then a far value would
not be surprising.

The heavy tails of the t distribution keep the polluted values from spoiling the training: targets
and inputs are polluted, too.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.restoration.autoencoder import varying
from adapt_learning.restoration.base import Filter, Progress, Side
from adapt_learning.restoration.share import ShareConfig
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import MLPConfig, StackedMLP
from adapt_learning.stacked.short_training import train
from adapt_learning.stacked.stage import Draws, Samples, Stage

CHUNK = 8192
"""Rows that are scored at once."""

_LIMIT = 10.0
"""Largest magnitude of an input, normalised."""

_LOG_SCALE = (-6.0, 3.0)
"""Range of the log of the predicted scale: surer than exp(-6) of a std it need not be."""


@dataclass(frozen=True)
class TrajectoryFilterConfig:
    """Settings of the prediction from neighbours in time."""

    reach: int = 4
    """k: so many rows before and after."""
    network: MLPConfig = field(default_factory=lambda: MLPConfig(128, 2, 'silu'))
    optimization: OptimizationConfig = field(default_factory=lambda: OptimizationConfig(
        steps=1500, batch=128, learning_rate=2e-3, ema_decay=0.99, gradient_clip=1.0,
        precision='float32', weight_decay=0.1, validate_every=128, keep='best'))
    folds: int = 3
    """Networks; each judges the episodes that it has not seen. 1 where there is one episode."""
    freedom: float = 3.0
    """Degrees of freedom of the t distribution: the smaller, the less a far value counts."""
    doubt: float = 0.5
    """Weight of the log of the scale in the score; 0: the surprise alone, 1: the likelihood."""

    def __post_init__(self):
        if self.reach < 1 or self.folds < 2:
            raise SettingError('reach is at least 1 and folds at least 2; got '
                               f'{self.reach} and {self.folds}')
        if self.freedom <= 0:
            raise SettingError(f'freedom is above 0; got {self.freedom}')
        if not 0 <= self.doubt <= 1:
            raise SettingError(f'doubt lies in 0..1; got {self.doubt}')


class TrajectoryFilter(Filter):
    """Scores by how unlikely a value is between its neighbours."""

    Config = TrajectoryFilterConfig
    in_time = True
    # A surprise is in units of its own: below one half a value lies where it was expected, however
    # many humps the scores of easy and hard rows make (clean FetchPush has two). So a flatter
    # valley above it may be believed, and many values above 1 without any valley.
    share = ShareConfig(depth=0.15, floor=0.5, surprising=1.0)

    def scores(self, side: Side, seed: int, progress: Progress) -> np.ndarray:
        """
        Return the score of every row, float64 [N].

        That is (nu + 1) / 2 * log(1 + z^2 / nu) + doubt * log(scale), averaged over the elements.
        """
        values, other = varying(side.values), varying(side.other)
        if not values.shape[1]:
            return np.zeros(len(values))
        side = replace(side, values=values, other=other)
        module = _Predictor(side, self.config, seed)
        rows, held_out = module.folds()
        train(module, rows, held_out, progress)
        return module.scores()


@dataclass(frozen=True)
class _Rows(Samples):
    """Indices of rows, int64 [K, B]: windows are cut out of the data when they are needed."""

    row: Tensor


class _Predictor(nn.Module):
    """One network per fold, and the data that their windows are cut from."""

    def __init__(self, side: Side, config: TrajectoryFilterConfig, seed: int):
        super().__init__()
        self.config, self.known = config, side.known
        self.fold = _dealt(side.episode, config.folds, seed)
        self.seeds = tuple(range(seed, seed + int(self.fold.max()) + 1))
        self.values, self.other = torch.from_numpy(side.values), torch.from_numpy(side.other)
        offsets = [o for o in range(-config.reach, config.reach + 1) if o]
        at, there = zip(*(side.neighbor(o) for o in offsets), strict=True)
        at, there = np.stack(at, 1), np.stack(there, 1)
        self.neighbor = torch.from_numpy(at.astype(np.int32))
        self.exists = torch.from_numpy(there)
        self.seen = torch.from_numpy(there & side.known[at])
        size, n = side.values.shape[1], len(offsets)
        inputs = n * (size + 1 + side.other.shape[1]) + side.other.shape[1]
        self.network = StackedMLP(config.network, inputs, 2 * size,
                                  MemberRandom(self.seeds, 'predictor weights'))

    def stages(self) -> tuple[Stage, ...]:
        """Return the only stage."""
        return (_PredictionStage(self),)

    def folds(self) -> tuple[_Rows, _Rows]:
        """Return the rows that each network learns from, and those that it judges, [K, n]."""
        count = len(self.seeds)
        if count == 1:
            rows = _Rows(torch.from_numpy(np.flatnonzero(self.known))[None])
            return rows, rows
        seen = [np.flatnonzero((self.fold != k) & self.known) for k in range(count)]
        judged = [np.flatnonzero((self.fold == k) & self.known) for k in range(count)]
        return _Rows(_even(seen)), _Rows(_even(judged))

    def surprise(self, row: Tensor) -> tuple[Tensor, Tensor]:
        """Return the surprise of rows [K, B], and the log of the scale, both [K, B, D]."""
        near, exists, seen = self.neighbor[row].long(), self.exists[row], self.seen[row]
        window = torch.cat([
            (self.values[near] * seen[..., None]).flatten(2),
            (self.other[near] * exists[..., None]).flatten(2),
            self.other[row], seen.float()], 2).clamp(-_LIMIT, _LIMIT)
        mean, scale = self.network(window).chunk(2, -1)
        # The network starts at a scale of exp(-1) std, not at one that it would have to forget.
        log_scale = (scale - 1).clamp(*_LOG_SCALE)
        z = (self.values[row] - mean) * torch.exp(-log_scale)
        nu = self.config.freedom
        return (nu + 1) / 2 * torch.log1p(z.square() / nu), log_scale

    @torch.no_grad()
    def scores(self) -> np.ndarray:
        """Return the score of every row, averaged over its elements, float64 [N]."""
        result = np.empty(len(self.fold))
        for rows in np.array_split(np.arange(len(self.fold)), -(-len(self.fold) // CHUNK)):
            every = torch.from_numpy(rows).expand(len(self.seeds), -1)
            surprise, log_scale = self.surprise(every)
            score = (surprise + self.config.doubt * log_scale).mean(-1).double().numpy()
            result[rows] = score[self.fold[rows], np.arange(len(rows))]
        return result


def _dealt(episode: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the fold of each row, int64 [N]: whole episodes, as many in each."""
    names, index = np.unique(episode, return_inverse=True)
    count = min(folds, len(names))
    return np.random.default_rng(seed).permutation(len(names))[index] % count


def _even(parts: list[np.ndarray]) -> Tensor:
    """Return one row per part, int64 [K, n]; short ones begin again."""
    longest = max(len(part) for part in parts)
    return torch.from_numpy(np.stack([np.resize(part, longest) for part in parts]))


class _PredictionStage(Stage):
    """Minimise the negative log likelihood: the surprise plus the log of the scale."""

    name = 'predictor'

    def __init__(self, module: _Predictor):
        self.module, self.config = module, module.config.optimization

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw nothing."""
        return {}

    def loss(self, batch: _Rows, draws: Draws) -> dict[str, Tensor]:
        """Return the mean over batch and elements [K]."""
        return {'loss': self.score(batch)}

    def score(self, batch: _Rows) -> Tensor:
        """Return the mean over rows and elements [K]."""
        surprise, log_scale = self.module.surprise(batch.row)
        return (surprise + log_scale).mean((1, 2))
