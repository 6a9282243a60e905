"""A demonstrator that random search has found: a matrix, and nothing to remember."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np

from adapt_learning.errors import SettingError


@dataclass(frozen=True)
class LinearPolicy:
    """Action = clip(gain @ (observation - center), -1, 1)."""

    gain: np.ndarray
    """float64 [A, S]."""
    center: np.ndarray
    """float64 [S]."""
    facts: dict[str, Any]
    """How it was made: command, steps, return."""

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; `from_dict` inverts it."""
        return {**self.facts, 'gain': np.round(self.gain, 9).tolist(),
                'center': np.round(self.center, 9).tolist()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> 'LinearPolicy':
        """Take back what `as_dict` returned; SettingError where the sizes do not match."""
        facts = {key: value for key, value in values.items() if key not in ('gain', 'center')}
        gain, center = (np.array(values[key], dtype=np.float64) for key in ('gain', 'center'))
        if gain.ndim != 2 or center.shape != gain.shape[1:]:
            raise SettingError('a linear policy has a gain [A, S] and a center [S]; got '
                               f'{list(gain.shape)} and {list(center.shape)}')
        return cls(gain, center, facts)


class LinearExpert:
    """Lets a linear policy act on the raw values of a locomotion task."""

    def __init__(self, task: str):
        text = files(__package__).joinpath(f'linear_experts/{task}.json').read_text('utf-8')
        self.policy = LinearPolicy.from_dict(json.loads(text))

    def reset(self, seed: int) -> None:
        """Begin a new episode (nothing to remember)."""

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [A] for the raw values of the instant."""
        observation = np.concatenate([raw['position'], raw['velocity']])
        return np.clip(self.policy.gain @ (observation - self.policy.center), -1.0, 1.0)


def expert_of(task: str) -> Callable[[], LinearExpert]:
    """Return what makes the shipped expert of a task."""
    return partial(LinearExpert, task)
