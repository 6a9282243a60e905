"""Where the next pictures begin: noises around those of good pictures (eq. 2.11)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import one_of

KINDS = ('around', 'shrunk', 'plain')


@dataclass(frozen=True)
class StartConfig:
    """The mixture of start noises."""

    kind: str = 'around'
    """
    around: z + e0 n, as in the text (variance e0^2 around a stored noise); shrunk: sqrt(1 - e0^2) z
    + e0 n, as in the published code, which keeps the variance at 1; plain: N(0, I) always.
    """
    best_share: float = 0.5
    """beta: share that begins around the noise of the best picture."""
    variance: float = 0.1
    """e0^2. The published code has 0.01 (e = 0.1), with kind shrunk."""

    def __post_init__(self):
        one_of('kind', self.kind, KINDS)
        if not 0 <= self.best_share <= 1:
            raise SettingError(f'the share of the best lies in 0..1; got {self.best_share}')
        if not 0 <= self.variance < 1 or not math.isfinite(self.variance):
            raise SettingError(f'the variance lies in 0..1 (without 1); got {self.variance}')


@dataclass(frozen=True)
class Collected:
    """What the evaluator liked, as the run goes on with it."""

    best_noise: Tensor | None = None
    """z_T of the best picture so far, [C, h, w]; None while none was named."""
    best_latent: Tensor | None = None
    """The latent of the same picture that is embedded, [C, h, w]."""
    good_noises: Tensor | None = None
    """z_T of the other good pictures of the last round, [M, C, h, w]; None where all were bad."""

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to begin from."""
        return self.best_noise is None and self.good_noises is None

    def tensors(self) -> dict[str, Tensor]:
        """Return what there is, by name; `Collected(**tensors)` inverts it."""
        return {name: x for name, x in vars(self).items() if x is not None}


def draw_noises(config: StartConfig, collected: Collected, count: int,
                shape: tuple[int, int, int], random: torch.Generator) -> tuple[Tensor, str]:
    """
    Return start noises [count, C, h, w], and where they come from, in words.

    The share of the best is met exactly, as in the published code, not by chance; with a share of
    0 the best is one of the good ones (section 2.2.6). Without good ones all begin around the best.
    """
    fresh = torch.randn((count, *shape), generator=random)
    if config.kind == 'plain' or collected.is_empty:
        return fresh, f'{count} from plain noise'
    good = collected.good_noises
    if good is None:
        good = fresh[:0]
    of_best = 0
    if collected.best_noise is not None:
        best = collected.best_noise[None]
        of_best = round(config.best_share * count) if len(good) else count
        if config.best_share == 0:
            good = torch.cat([good, best])
    if not len(good):
        of_best = count
    centres = []
    if of_best:
        centres.append(best.expand(of_best, *shape))
    if count > of_best:
        centres.append(good[torch.randint(len(good), (count - of_best,), generator=random)])
    centre, spread = torch.cat(centres), math.sqrt(config.variance)
    kept = math.sqrt(1 - config.variance) if config.kind == 'shrunk' else 1.0
    parts = [f'{of_best} from around the noise of the best picture'] * (of_best > 0)
    parts += [f'{count - of_best} from around those of {len(good)} good ones'] * (count > of_best)
    return kept * centre + spread * fresh, ' and '.join(parts)
