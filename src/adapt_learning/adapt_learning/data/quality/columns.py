"""Columns that a normaliser or a network trips over."""

from dataclasses import dataclass

import numpy as np

from adapt_learning.data.quality.rows import spread

CONSTANT, NEARLY, HEAVY_TAILS, RARE, SWITCH = (
    'constant', 'nearly constant', 'heavy tails', 'mostly one value', 'mostly at its ends')

_NEARLY = 0.01
"""Spread below this share of the widest element of the same unit: noise after normalising."""
_TAILS = 10.0
"""Farthest value in standard deviations as the middle 90 % have them."""
_SQUEEZED = 0.3
"""Share of the whole range that the middle 98 % take."""


@dataclass(frozen=True)
class Column:
    """One element of the observation or action, and what is special about it."""

    name: str
    unit: str
    minimum: float
    q01: float
    median: float
    q99: float
    maximum: float
    mean: float
    std: float
    traps: tuple[str, ...]
    """Some of the words above."""

    @property
    def squeezed(self) -> bool:
        """Return whether scaling by minimum and maximum would squeeze nearly all into a corner."""
        whole = self.maximum - self.minimum
        return whole > 0 and (self.q99 - self.q01) / whole < _SQUEEZED


def columns(values: np.ndarray, names: tuple[str, ...],
            units: tuple[str, ...]) -> tuple[Column, ...]:
    """Measure every column of [N, D]; values that are not finite are left out."""
    facts = [_facts(column[np.isfinite(column)].astype(np.float64)) for column in values.T]
    widest: dict[str, float] = {}
    for unit, fact in zip(units, facts, strict=True):
        widest[unit] = max(widest.get(unit, 0.0), fact['std'])
    return tuple(
        Column(name, unit, **{key: fact[key] for key in (
            'minimum', 'q01', 'median', 'q99', 'maximum', 'mean', 'std')},
               traps=_traps(fact, widest[unit]))
        for name, unit, fact in zip(names, units, facts, strict=True))


def _facts(values: np.ndarray) -> dict[str, float]:
    if not values.size:
        values = np.zeros(1)
    q01, q05, median, q95, q99 = (float(q) for q in np.quantile(
        values, [0.01, 0.05, 0.5, 0.95, 0.99]))
    low, high = float(values.min()), float(values.max())
    whole = high - low
    ends = ((np.abs(values - low) < 0.02 * whole) | (np.abs(values - high) < 0.02 * whole)).mean()
    return {'minimum': low, 'q01': q01, 'median': median, 'q99': q99, 'maximum': high,
            'mean': float(values.mean()), 'std': float(spread(values)),
            'middle': q95 - q05, 'ends': float(ends)}


def _traps(fact: dict[str, float], widest: float) -> tuple[str, ...]:
    if fact['std'] == 0:
        return (CONSTANT,)
    traps = []
    if fact['std'] < _NEARLY * widest:
        traps.append(NEARLY)
    if fact['ends'] > 0.7:
        traps.append(SWITCH)
    elif fact['middle'] == 0:
        traps.append(RARE)
    else:
        farthest = max(fact['maximum'] - fact['median'], fact['median'] - fact['minimum'])
        # The middle 90 % of a normal distribution take 3.29 standard deviations.
        if farthest > _TAILS * fact['middle'] / 3.29:
            traps.append(HEAVY_TAILS)
    return tuple(traps)
