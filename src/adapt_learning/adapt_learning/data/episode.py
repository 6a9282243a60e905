"""One demonstration: what was seen, what was done, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from adapt_learning.errors import DatasetError

MAX_TIME_S = 1e6
"""Largest time in an episode [s]; below it a float64 second holds every whole nanosecond."""


@dataclass(frozen=True, eq=False)
class Episode:
    """
    One demonstration, T steps; frozen, read-only and checked at birth (DatasetError).

    Row t of `action` is what was done at the instant of row t of `observation`. Values that are
    not finite are let in, because raw recordings have to be kept as they are: `is_finite` tells,
    and `load_dataset` refuses them unless it is asked not to.
    """

    observation: np.ndarray
    """Observation vectors in the contract's order, float32 [T, S]."""
    action: np.ndarray
    """Action vectors before scaling, float32 [T, A]."""
    timestamp_s: np.ndarray
    """Time since the start of the episode [s], float64 [T], rising, whole nanoseconds."""
    reward: np.ndarray
    """Reward of every step, float32 [T]."""
    success: bool | None = None
    """How it ended; None where nobody said."""
    seed: int | None = None
    """Seed of the simulated start; None for a real robot."""
    noise_level: float | None = None
    """Noise level of the simulated start; None for a real robot."""
    task: str = ''
    """What was to be done, for people (LeRobot's `task`)."""
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Further columns [T] or [T, k], e.g. edit masks; every episode of a dataset has the same."""

    def __post_init__(self):
        observation = _matrix('observation', self.observation)
        length = len(observation)
        time_s = np.array(self.timestamp_s, dtype=np.float64)
        _check_time(time_s, length)
        checked = {
            'observation': observation,
            'action': _matrix('action', self.action, length),
            # On whole nanoseconds, so that what comes back from disk is equal to the last bit.
            'timestamp_s': np.round(time_s * 1e9) / 1e9,
            'reward': _column('reward', np.array(self.reward, dtype=np.float32), length),
        }
        extras = {key: _extra(key, value, length) for key, value in self.extras.items()}
        for array in (*checked.values(), *extras.values()):
            array.flags.writeable = False
        for name, array in checked.items():
            object.__setattr__(self, name, array)
        object.__setattr__(self, 'extras', extras)
        for name, kind in (('success', bool), ('seed', int), ('noise_level', float)):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else kind(value))
        _check_start(self.seed, self.noise_level)

    def __len__(self) -> int:
        """Return T."""
        return len(self.observation)

    @cached_property
    def is_finite(self) -> bool:
        """Return whether no observation, action or reward is NaN or infinite."""
        return all(bool(np.isfinite(part).all())
                   for part in (self.observation, self.action, self.reward))

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays by name, extras last and sorted."""
        fixed = {name: getattr(self, name)
                 for name in ('observation', 'action', 'timestamp_s', 'reward')}
        return fixed | {key: self.extras[key] for key in sorted(self.extras)}

    def __eq__(self, other: object) -> bool:
        """Return whether everything is equal; NaN equals NaN."""
        if not isinstance(other, Episode):
            return NotImplemented
        mine, theirs = self.arrays, other.arrays
        return (self._facts == other._facts and mine.keys() == theirs.keys()
                and all(_equal(mine[key], theirs[key]) for key in mine))

    def __hash__(self) -> int:
        """Return a hash that agrees with ==."""
        return hash((self._facts, len(self)))

    @property
    def _facts(self) -> tuple:
        return self.success, self.seed, self.noise_level, self.task


def _matrix(name: str, value: np.ndarray, length: int | None = None) -> np.ndarray:
    with np.errstate(over='ignore'):  # too large for float32 is infinity, and `is_finite` tells
        array = np.array(value, dtype=np.float32)
    if array.ndim != 2 or not array.size or length not in (None, len(array)):
        rows = 'T' if length is None else length
        raise DatasetError(f'{name} of an episode has shape [{rows}, n] with at least one row and '
                           f'one column; got {list(array.shape)}')
    return array


def _column(name: str, array: np.ndarray, length: int, widest: int = 1) -> np.ndarray:
    if not 1 <= array.ndim <= widest or len(array) != length or array.dtype.kind not in 'biuf':
        shapes = f'[{length}]' if widest == 1 else f'[{length}] or [{length}, k]'
        raise DatasetError(f"'{name}' of an episode is an array of numbers of shape {shapes}; got "
                           f'{array.dtype} {list(array.shape)}')
    return array


def _extra(name: str, value: np.ndarray, length: int) -> np.ndarray:
    array = np.array(value)
    # On disk a column has the machine's byte order, and [T, 1] is the same as [T].
    array = _column(name, array.astype(array.dtype.newbyteorder('=')), length, widest=2)
    if array.dtype.itemsize > 8:
        raise DatasetError(f"'{name}' of an episode has numbers of at most 8 bytes; got "
                           f'{array.dtype}')
    return array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array


def _check_start(seed: int | None, noise_level: float | None) -> None:
    if seed is not None and not 0 <= seed < 2**63:
        raise DatasetError(f'seed of an episode lies in 0..2^63; got {seed}')
    if noise_level is not None and not np.isfinite(noise_level):
        raise DatasetError(f'noise_level of an episode is finite; got {noise_level}')


def _check_time(time_s: np.ndarray, length: int) -> None:
    _column('timestamp_s', time_s, length)
    if not np.isfinite(time_s).all() or np.abs(time_s).max() > MAX_TIME_S:
        raise DatasetError('timestamp_s of an episode is finite and counts from its start, at '
                           f'most {MAX_TIME_S:g} s; got {time_s.min()}..{time_s.max()}')
    back = np.flatnonzero(np.diff(np.round(time_s * 1e9)) < 1)
    if back.size:
        row = int(back[0]) + 1
        raise DatasetError(f'timestamp_s of an episode rises from row to row; row {row} has '
                           f'{time_s[row]} s after {time_s[row - 1]} s')


def _equal(first: np.ndarray, second: np.ndarray) -> bool:
    return (first.dtype == second.dtype
            and np.array_equal(first, second, equal_nan=first.dtype.kind == 'f'))
