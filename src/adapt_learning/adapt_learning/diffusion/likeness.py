"""How expert-like is a pair? The noise-prediction error under fixed draws.

A diffusion model of expert pairs predicts the noise in expert pairs well and the noise in others
badly (dissertation section 3.1.4). With the (t, noise) draws fixed the score is a deterministic
function of the pair: it can run on a robot, be exported, and be compared with a threshold.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adapt_learning.diffusion.denoiser import Denoiser
from adapt_learning.diffusion.schedules import NoiseSchedule
from adapt_learning.errors import SettingError


@dataclass(frozen=True)
class LikenessConfig:
    """The fixed draws of the expert-likeness score, and its thresholds."""

    draws: int = 16
    """Number of (t, noise) draws; even, because noises come in pairs (e, -e)."""
    t_low: float = 0.01
    """Smallest noising step, as a share of T."""
    t_high: float = 0.1
    """
    Largest noising step, as a share of T. With much noise every pair looks alike: in FetchPick
    the range 0.1-0.4 tells an action that is off by a tenth of its spread from an expert's with
    an AUC of 0.68, the range 0.02-0.3 with 0.86, 0.005-0.05 with 0.95 (one pair each).
    """
    seed: int = 0
    window: int = 10
    """Ticks of the running mean that is compared with the thresholds."""
    warn_quantile: float = 0.99
    """What an expert hardly ever exceeds: this quantile of the running mean, held-out episodes."""
    warn_factor: float = 2.0
    """
    The warning threshold is that quantile times this, so that a warning means something: starts
    outside of the demonstrations that the policy still masters stay below it (FetchPick at noise
    level 1.25 reaches 2 times the quantile); actions that are off by 0.3 of their spread give 3 to
    4 times, an arm that stands still 9, a block that is not where the camera says 29.
    """
    stop_factor: float = 2.5
    """The stop threshold is the warning threshold times this."""

    def __post_init__(self):
        if self.window < 1 or not 0 < self.warn_quantile <= 1:
            raise SettingError('window is at least 1 and warn_quantile in 0..1; got '
                               f'{self.window} and {self.warn_quantile}')
        if self.warn_factor <= 0 or self.stop_factor < 1:
            raise SettingError('warn_factor is above 0 and stop_factor at least 1; got '
                               f'{self.warn_factor} and {self.stop_factor}')
        if self.draws < 2 or self.draws % 2:
            raise SettingError(f'draws of the likeness score are even, at least 2; got '
                               f'{self.draws}')
        if not 0 <= self.t_low <= self.t_high < 1:
            raise SettingError('t_low <= t_high lie in 0..1 (without 1); got '
                               f'{self.t_low} and {self.t_high}')


class FixedDrawScore(nn.Module):
    """
    Mean noise-prediction error of normalised pairs [B, D] over J fixed draws -> [B].

    The draws and everything that depends on them alone are constants of the module. The first
    layer is linear in the pair, so it runs once per pair and not once per draw.
    """

    def __init__(self, config: LikenessConfig, denoiser: Denoiser, schedule: NoiseSchedule):
        super().__init__()
        if denoiser.head.members != 1:
            raise SettingError('the likeness score is made of one member; got '
                               f'{denoiser.head.members}')
        t, noise = fixed_draws(config, schedule.steps, denoiser.size)
        self.activation = denoiser.activation
        with torch.no_grad():
            first, *others = denoiser.layers
            offsets = denoiser.embed(t[None])[0].chunk(len(denoiser.layers), dim=-1)
            sigma = schedule.sigma[t][:, None]
            self.register_buffer('noise', noise)
            self.register_buffer('signal', schedule.signal[t][:, None])
            self.register_buffer('first', first.weight[0].clone())
            self.register_buffer('first_offset', offsets[0] + (sigma * noise) @ first.weight[0])
            self.count = len(others)
            for i, layer in enumerate(others):
                self.register_buffer(f'weight{i}', layer.weight[0].clone())
                self.register_buffer(f'offset{i}', offsets[i + 1].clone())
            self.register_buffer('head', denoiser.head.weight[0].clone())
            self.register_buffer('target', noise - denoiser.head.bias[0])

    def forward(self, pair: Tensor) -> Tensor:
        """Return the score of every pair, [B]; larger is less expert-like."""
        h = self.signal * (pair @ self.first)[:, None] + self.first_offset
        h = self.activation(h)
        for i in range(self.count):
            h = self.activation(h @ getattr(self, f'weight{i}') + getattr(self, f'offset{i}'))
        return (h @ self.head - self.target).square().mean((1, 2))


def fixed_draws(config: LikenessConfig, steps: int, size: int) -> tuple[Tensor, Tensor]:
    """Return (t int64 [J], noise [J, D]): pairs (e, -e) at steps spread evenly over the range."""
    half = config.draws // 2
    generator = torch.Generator().manual_seed(config.seed)
    first = torch.randn(half, size, generator=generator)
    t = torch.linspace(config.t_low * steps, config.t_high * steps, half).long()
    return t.repeat(2), torch.cat([first, -first])
