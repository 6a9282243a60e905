"""A gait: every actuator swings about a middle with one frequency and its own phase."""

import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np

from adapt_learning.errors import SettingError

_FREQUENCIES_HZ = (1.0, 3.5)
RAMP_S = 0.2
"""The swing grows from nothing during this time."""


@dataclass(frozen=True)
class Gait:
    """Action = center + swing * sin(2 pi hz t + phase), within -1..1."""

    center: np.ndarray
    """float64 [A], within -1..1."""
    swing: np.ndarray
    """float64 [A], within -1..1."""
    phase: np.ndarray
    """float64 [A], rad."""
    hz: float
    facts: dict[str, Any] = field(default_factory=dict)
    """How it was found: command, share of successes."""

    @classmethod
    def from_vector(cls, vector: np.ndarray, facts: dict[str, Any] | None = None) -> 'Gait':
        """Take a gait from any numbers [3 A + 1]: what searches and planners vary."""
        center, swing, phase = np.split(vector[:-1], 3)
        low, high = _FREQUENCIES_HZ
        return cls(np.tanh(center), np.tanh(swing), phase,
                   float(low + (high - low) / (1 + np.exp(-vector[-1]))), facts or {})

    def vector(self) -> np.ndarray:
        """Return numbers [3 A + 1] that `from_vector` turns into this gait again."""
        low, high = _FREQUENCIES_HZ
        share = (self.hz - low) / (high - low)
        return np.concatenate([np.arctanh(self.center), np.arctanh(self.swing), self.phase,
                               [np.log(share / (1 - share))]])

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; `from_dict` inverts it."""
        return {**self.facts, 'hz': round(self.hz, 9), **{
            name: np.round(getattr(self, name), 9).tolist()
            for name in ('center', 'swing', 'phase')}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> 'Gait':
        """Take back what `as_dict` returned; SettingError where the sizes do not match."""
        parts = {name: np.array(values[name], dtype=np.float64)
                 for name in ('center', 'swing', 'phase')}
        if len({part.shape for part in parts.values()}) > 1 or parts['phase'].ndim != 1:
            raise SettingError('a gait has one center, swing and phase per actuator; got '
                               f'{ {name: list(part.shape) for name, part in parts.items()} }')
        facts = {key: value for key, value in values.items() if key not in (*parts, 'hz')}
        return cls(**parts, hz=float(values['hz']), facts=facts)


def gait_actions(vectors: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Return the actions [K, T, A] of gaits [K, 3 A + 1] at instants [T] since their begin."""
    gaits = [Gait.from_vector(vector) for vector in vectors]
    center, swing, phase = (np.array([getattr(gait, name) for gait in gaits])[:, None]
                            for name in ('center', 'swing', 'phase'))
    turn = 2 * np.pi * np.array([gait.hz for gait in gaits])[:, None] * times_s
    ramp = np.minimum(times_s / RAMP_S, 1.0)[:, None]
    return np.clip(ramp * (center + swing * np.sin(turn[..., None] + phase)), -1.0, 1.0)


def gait_of(task: str) -> Gait:
    """Return the shipped gait of a task."""
    text = files(__package__).joinpath(f'gaits/{task}.json').read_text('utf-8')
    return Gait.from_dict(json.loads(text))
