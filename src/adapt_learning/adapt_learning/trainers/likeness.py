"""Calibration of the expert-likeness score on held-out demonstrations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from adapt_learning.data import Episode
from adapt_learning.diffusion.likeness import LikenessConfig
from adapt_learning.errors import SettingError

_QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)


def calibrate(score: nn.Module, config: LikenessConfig,
              episodes: Sequence[Episode]) -> dict[str, Any]:
    """
    Return the calibration that the manifest carries and the runtime reads.

    The score of every held-out pair is averaged over the last `window` ticks of its episode, as
    the runtime does it. `warn` is `warn_factor` times a high quantile of that running mean, `stop`
    is `stop_factor` times warn: so far off that no expert pair is near.

    Keys: window [ticks], warn, stop, warn_quantile, warn_factor, stop_factor, quantiles (of the
    running mean), max, pairs, episodes.
    """
    if not episodes:
        raise SettingError('the expert-likeness score is calibrated on held-out episodes; '
                           'run.validation_fraction must be above 0')
    means = np.concatenate([
        running_mean(_scores(score, episode), config.window) for episode in episodes])
    warn = float(np.quantile(means, config.warn_quantile)) * config.warn_factor
    return {
        'window': config.window,
        'warn': warn,
        'stop': warn * config.stop_factor,
        'warn_quantile': config.warn_quantile,
        'warn_factor': config.warn_factor,
        'stop_factor': config.stop_factor,
        'quantiles': {str(q): float(np.quantile(means, q)) for q in _QUANTILES},
        'max': float(means.max()),
        'pairs': len(means),
        'episodes': len(episodes),
    }


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the last `window` values at every tick (fewer at the beginning), [T]."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - window, 0)
    return (total[end] - total[begin]) / (end - begin)


def _scores(score: nn.Module, episode: Episode) -> np.ndarray:
    with torch.no_grad():
        return score(torch.from_numpy(np.array(episode.observation)),
                     torch.from_numpy(np.array(episode.action))).numpy()
