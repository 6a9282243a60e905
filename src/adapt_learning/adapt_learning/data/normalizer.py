"""Zero mean, unit spread: how observations and actions enter and leave a network."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adapt_learning.errors import DatasetError, SettingError

SMALLEST_STD = 1e-6
"""An element that spreads less than this is taken as constant: its std becomes 1."""


@dataclass(frozen=True, eq=False)
class Normalizer:
    """
    Elementwise (x - mean) / std, clipped; frozen and checked at birth.

    The numbers travel inside the artifact, so that training and every later run use the same.
    An element whose std is below SMALLEST_STD gets std 1: a constant stays near 0 after
    normalising and is given back unchanged, and nothing is divided by (almost) zero.
    """

    mean: np.ndarray
    """Centre of every element, float32 [D], in the unit of the data."""
    std: np.ndarray
    """Spread of every element, float32 [D], > 0, in the unit of the data."""
    clip: float = 10.0
    """Largest magnitude after normalising; a broken sensor cannot blow the network up."""

    def __post_init__(self):
        mean = np.array(self.mean, dtype=np.float32)
        std = np.array(self.std, dtype=np.float32)
        if mean.ndim != 1 or mean.shape != std.shape or not mean.size:
            raise SettingError('mean and std of a normaliser have the same shape [D], D >= 1; got '
                               f'{list(mean.shape)} and {list(std.shape)}')
        if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std >= 0).all()):
            raise SettingError('mean and std of a normaliser are finite and std is not negative; '
                               f'got mean {mean} and std {std}')
        clip = float(np.float32(self.clip))  # as it is stored, so that == survives the disk
        if not (np.isfinite(clip) and clip > 0):
            raise SettingError(f'clip of a normaliser is finite and above 0; got {self.clip}')
        std[std < SMALLEST_STD] = 1.0
        mean.flags.writeable = False
        std.flags.writeable = False
        object.__setattr__(self, 'mean', mean)
        object.__setattr__(self, 'std', std)
        object.__setattr__(self, 'clip', clip)

    @property
    def size(self) -> int:
        """Return D."""
        return self.mean.shape[0]

    def normalize(self, x: np.ndarray) -> np.ndarray:
        """Return (x - mean) / std within -clip..clip, float32 of the same shape [..., D]."""
        with np.errstate(over='ignore'):  # infinity is clipped like all that is too far away
            scaled = (self._checked(x) - self.mean) / self.std
        return np.clip(scaled, -self.clip, self.clip)

    def denormalize(self, x: np.ndarray) -> np.ndarray:
        """Return x * std + mean, float32 of the same shape [..., D]; what was clipped stays so."""
        return self._checked(x) * self.std + self.mean

    @classmethod
    def fit(cls, x: np.ndarray, clip: float = 10.0) -> 'Normalizer':
        """
        Measure mean and (population) std of data [N, D].

        Raises DatasetError for an empty array, another shape or values that are not finite.
        """
        x = np.asarray(x)
        if x.ndim != 2 or not x.size:
            raise DatasetError('a normaliser is fitted to data of shape [N, D] with at least one '
                               f'row; got {list(x.shape)}')
        bad = np.flatnonzero(~np.isfinite(x).all(axis=0))
        if bad.size:
            raise DatasetError(f'a normaliser needs finite data; columns {bad.tolist()} hold NaN '
                               'or infinity: run `adapt data report` to find the episodes')
        # float64: a float32 sum over 1e6 rows loses the small digits of the mean.
        return cls(x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64), clip)

    @classmethod
    def identity(cls, size: int, clip: float = 10.0) -> 'Normalizer':
        """Return the normaliser of D = size elements that changes nothing but clips."""
        return cls(np.zeros(size), np.ones(size), clip)

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return {prefix.mean [D], prefix.std [D], prefix.clip [1]}, all float32, for storage."""
        return {f'{prefix}.mean': self.mean, f'{prefix}.std': self.std,
                f'{prefix}.clip': np.array([self.clip], dtype=np.float32)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str) -> 'Normalizer':
        """Invert `to_arrays`; SettingError where an array is missing."""
        names = [f'{prefix}.{part}' for part in ('mean', 'std', 'clip')]
        missing = [name for name in names if name not in arrays]
        if missing:
            raise SettingError(f'a stored normaliser has the arrays {names}; {missing} missing')
        mean, std, clip = (np.asarray(arrays[name]) for name in names)
        if clip.size != 1:
            raise SettingError(f'{names[2]} holds one number; got shape {list(clip.shape)}')
        return cls(mean, std, float(clip.reshape(())[()]))

    def __eq__(self, other: object) -> bool:
        """Return whether all numbers are equal."""
        if not isinstance(other, Normalizer):
            return NotImplemented
        return (self.clip == other.clip and np.array_equal(self.mean, other.mean)
                and np.array_equal(self.std, other.std))

    def __hash__(self) -> int:
        """Return a hash that agrees with ==."""
        return hash((self.mean.tobytes(), self.std.tobytes(), self.clip))

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=np.float32)
        if x.ndim < 1 or x.shape[-1] != self.size:
            raise SettingError(f'this normaliser takes arrays of shape [..., {self.size}]; '
                               f'got {list(x.shape)}')
        return x
