"""What is usual in a dataset; episodes are compared with it."""

from dataclasses import dataclass

import numpy as np

from adapt_learning.data.dataset import Dataset
from adapt_learning.data.quality import elements
from adapt_learning.data.quality.config import QualityConfig
from adapt_learning.data.quality.lag import Lag
from adapt_learning.data.quality.neighbors import Neighbors
from adapt_learning.data.quality.rows import Rows
from adapt_learning.data.quality.suspects import Suspects
from adapt_learning.data.quality.twins import Twins

AT_LIMIT = 0.999
"""An action from here on counts as the largest."""


@dataclass(frozen=True, eq=False)
class Norms:
    """Facts of all episodes together, measured once; checks read them and change nothing."""

    config: QualityConfig
    rows: Rows
    period_s: float
    """Control period by the contract [s]."""
    median_steps: float
    jerk: np.ndarray
    """Root mean square of the third difference of the actions of each episode, [E] [1/s^3]."""
    shaking: np.ndarray
    """Median second difference of the observations of each episode, [E] [std]."""
    switching: np.ndarray
    """Whether an action element is nearly always at its limit (on/off commands), bool [A]."""
    boxed: bool
    """Whether the actions keep to -1..1 at all; where they do not, another unit was meant."""
    states: Suspects
    actions: Suspects
    spikes: list[np.ndarray]
    """Rows of each episode where some observation jumps away and back."""
    stuck: list[np.ndarray]
    """Rows of each episode where a lively element repeats."""
    zeros: list[np.ndarray]
    """Rows of each episode whose state or action is 0 though hardly any is."""
    copies: list[np.ndarray]
    """Rows of each episode that repeat an earlier one exactly in mid-motion."""
    jumps: list[np.ndarray]
    """Rows of each episode where the motion goes on elsewhere."""
    state_rows: list[np.ndarray]
    """Rows of each episode whose state is suspected."""
    action_rows: list[np.ndarray]
    """Rows of each episode whose action is suspected."""
    trusted: np.ndarray
    """Rows whose state and action are not suspected, bool [N]."""
    twins: Twins
    neighbors: Neighbors
    lag: Lag

    @classmethod
    def of(cls, dataset: Dataset, config: QualityConfig) -> 'Norms':
        """Measure a dataset of at least one episode."""
        rows = Rows.of(dataset, config.absurd)
        rate = dataset.contract.rate_hz
        size = np.abs(rows.action)
        switching = (size >= AT_LIMIT).mean(axis=0) > 0.7
        states = Suspects.of(rows.observation, rows.observation_std, rows, config)
        actions = Suspects.of(rows.action, rows.action_std, rows, config)
        trusted = ~(states.rows | actions.rows | rows.absurd[0] | rows.absurd[1])
        beyond = float((size > 1 + 1e-6).any(axis=1).mean())
        return cls(
            config=config, rows=rows, period_s=1.0 / rate,
            median_steps=float(np.median(np.diff(rows.start))),
            jerk=_jerk(rows, rate), shaking=_shaking(rows), switching=switching,
            boxed=beyond < 0.5, states=states, actions=actions,
            spikes=rows.per_episode(states.spiked),
            stuck=rows.per_episode(elements.stuck(rows.observation, rows, config.stuck_rows)),
            zeros=rows.per_episode(states.zero | actions.zero),
            copies=rows.per_episode(states.copied | actions.copied),
            jumps=rows.per_episode(states.jump),
            state_rows=rows.per_episode(states.rows), action_rows=rows.per_episode(actions.rows),
            twins=Twins.of(dataset, rows, config.near_twin),
            trusted=trusted,
            neighbors=Neighbors.of(rows, switching, trusted, config),
            lag=Lag.of(rows, trusted))


def _jerk(rows: Rows, rate_hz: float) -> np.ndarray:
    third = _differences(rows.action, rows, 3)
    mean = _mean_per_episode((third.astype(np.float64) ** 2).mean(axis=1), rows, 3)
    return np.sqrt(mean) * rate_hz ** 3


def _shaking(rows: Rows) -> np.ndarray:
    std = np.where(rows.observation_std > 0, rows.observation_std, 1.0)
    second = np.sqrt(np.abs(_differences(rows.observation, rows, 2) / std)).mean(axis=1) ** 2
    inside = rows.episode[2:] == rows.episode[:-2]
    owner = rows.episode[2:]
    return np.array([np.median(part[good]) if good.any() else 0.0 for part, good in zip(
        np.split(second, np.searchsorted(owner, np.arange(1, len(rows.start) - 1))),
        np.split(inside, np.searchsorted(owner, np.arange(1, len(rows.start) - 1))),
        strict=True)])


def _differences(values: np.ndarray, rows: Rows, order: int) -> np.ndarray:
    return (np.diff(values, n=order, axis=0) if len(rows) > order
            else np.zeros((0, values.shape[1]), values.dtype))


def _mean_per_episode(values: np.ndarray, rows: Rows, order: int) -> np.ndarray:
    """Return the mean of differences [N - order] of each episode; 0 where it is too short."""
    if not len(values):
        return np.zeros(len(rows.start) - 1)
    inside = rows.episode[order:] == rows.episode[:-order]
    owner, episodes = rows.episode[order:][inside], len(rows.start) - 1
    total = np.bincount(owner, weights=values[inside], minlength=episodes)
    return total / np.maximum(np.bincount(owner, minlength=episodes), 1)
