"""Conditional denoising (dissertation eq. 3.10, 3.11) and the way back from any noise level.

theta learns the noise in x_n given the condition c; walking back from level n with it gives a draw
of x_0 given x_n and c.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from adapt_learning.diffusion.denoiser import Denoiser
from adapt_learning.restoration.noising import Noising
from adapt_learning.restoration.pairs import Pairs
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.stage import Draws, Stage


class DenoisingStage(Stage):
    """Minimise L_diff = |epsilon - epsilon_theta(x_n, c, n)|^2 with n uniform in 1..T."""

    name = 'denoiser'

    def __init__(self, module: Denoiser, noising: Noising, config: OptimizationConfig):
        self.module, self.noising, self.config = module, noising, config

    def draw(self, random: MemberRandom, steps: int, batch: int) -> Draws:
        """Draw levels and noise."""
        return {'level': random.integers(1, self.noising.steps + 1, steps, batch),
                'noise': random.normal(steps, batch, self.module.size)}

    def loss(self, batch: Pairs, draws: Draws) -> dict[str, Tensor]:
        """Return L_diff of the members, mean over the elements."""
        level, noise = draws['level'], draws['noise']
        noised = self.noising.noisy(batch.value, level, noise)
        predicted = self.module(torch.cat([noised, batch.condition], dim=-1),
                                self.module.embed(level - 1))
        return {'loss': (predicted - noise).square().mean((1, 2))}

    def score(self, batch: Pairs) -> Tensor:
        """Return L_diff under fixed draws [K]."""
        random = MemberRandom((0,), 'denoiser score')
        draws = self.draw(random, 1, batch.count)
        return self.loss(batch, {name: t[:, 0] for name, t in draws.items()})['loss']


def walk_back(denoiser: Denoiser, noising: Noising, value: Tensor, condition: Tensor,
              level: Tensor, low: Tensor, high: Tensor, generator: torch.Generator | None,
              step: Callable[[float], None] = lambda share: None) -> Tensor:
    """
    Return x_0 of each x_n: value [B, D], condition [B, C], level int64 [B] in 0..T -> [B, D].

    All rows walk down together, from the highest level on, and each joins at its own; so there is
    one call of the network per level and not one per row and level. Estimates of x_0 are kept
    within low..high [D], the range of the clean values. Without a generator every step takes its
    mean. `step` hears the share of the work that is done.
    """
    order = torch.argsort(level, descending=True, stable=True)
    x, c = value[order], condition[order]
    # Rows 0..joined[n] are at level n or above.
    joined = torch.bincount(level, minlength=noising.steps + 1).flip(0).cumsum(0).flip(0).tolist()
    total, done = max(sum(joined[1:]), 1), 0
    tables = denoiser.embed(torch.arange(noising.steps)[None])[0]
    for n in range(int(level.max()) if len(level) else 0, 0, -1):
        rows = joined[n]
        now = x[:rows]
        noise = denoiser(torch.cat([now, c[:rows]], dim=-1)[None],
                         tables[n - 1].expand(1, rows, -1))[0]
        clean = ((now - noising.sigma[n] * noise) / noising.alpha[n]).clamp(low, high)
        drawn = None if generator is None else torch.randn(now.shape, generator=generator)
        x[:rows] = noising.back(now, clean, n, drawn)
        done += rows
        step(done / total)
    restored = torch.empty_like(x)
    restored[order] = x
    return restored
