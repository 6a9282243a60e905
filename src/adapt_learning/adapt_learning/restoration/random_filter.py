"""Random scores: what a filter is worth is its gain over this one."""

from dataclasses import dataclass

import numpy as np

from adapt_learning.restoration.base import Filter, Progress, Side


@dataclass(frozen=True)
class RandomFilterConfig:
    """No settings."""


class RandomFilter(Filter):
    """Suspects at random; its ROC AUC is one half."""

    Config = RandomFilterConfig

    def scores(self, side: Side, seed: int, progress: Progress) -> np.ndarray:
        """Return draws from 0..1, float64 [N], of their own for states and for actions."""
        return np.random.default_rng([seed, *side.name.encode()]).random(len(side.values))
