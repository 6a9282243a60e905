"""One instant: named arrays with a known order, size and unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adapt_learning.errors import SampleError


@dataclass(frozen=True)
class Feature:
    """One named array of a frame."""

    key: str
    """Name, unique in its frame."""
    size: int
    """Number of elements; the array has shape [size]."""
    unit: str
    """SI unit of every element, or '1' where there is none."""
    element_names: tuple[str, ...] = ()
    """One name per element, for tables and plots; empty: key_0, key_1, ..."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return one label per element, e.g. `goal_position.x`."""
        names = self.element_names or tuple(str(i) for i in range(self.size))
        return tuple(f'{self.key}.{name}' for name in names)


@dataclass(frozen=True)
class FrameSpec:
    """The features of a frame, in the order in which they stand in the vector."""

    features: tuple[Feature, ...]

    @cached_property
    def size(self) -> int:
        """Return the length of the concatenated vector."""
        return sum(feature.size for feature in self.features)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Return where each feature lies in the concatenated vector."""
        result, start = {}, 0
        for feature in self.features:
            result[feature.key] = slice(start, start + feature.size)
            start += feature.size
        return result

    @property
    def labels(self) -> tuple[str, ...]:
        """Return one label per element of the vector."""
        return tuple(label for feature in self.features for label in feature.labels)


@dataclass(frozen=True)
class Frame:
    """Named arrays at one instant; float64, read-only, checked against the spec at birth."""

    spec: FrameSpec
    stamp_ns: int
    """Instant of capture [ns], on the clock of whoever stamped it."""
    values: Mapping[str, np.ndarray]
    """One array of shape [feature.size] per feature of the spec."""

    def __post_init__(self):
        checked = {}
        for feature in self.spec.features:
            if feature.key not in self.values:
                raise SampleError(
                    f"a frame needs every feature of its spec; '{feature.key}' is missing, "
                    f'there are {sorted(self.values)}'
                )
            array = np.array(self.values[feature.key], dtype=np.float64)
            if array.shape != (feature.size,):
                raise SampleError(
                    f"feature '{feature.key}' has shape [{feature.size}] by the contract; "
                    f'got {list(array.shape)}'
                )
            array.flags.writeable = False
            checked[feature.key] = array
        if len(checked) != len(self.values):
            extra = sorted(set(self.values) - set(checked))
            raise SampleError(f'a frame holds the features of its spec only; {extra} are not in it')
        object.__setattr__(self, 'values', checked)

    @cached_property
    def vector(self) -> np.ndarray:
        """Return the values in the spec's order, float32, shape [spec.size]."""
        values = np.concatenate([self.values[f.key] for f in self.spec.features])
        with np.errstate(over='ignore'):  # becomes infinite, which `is_finite` tells
            return values.astype(np.float32)

    @cached_property
    def is_finite(self) -> bool:
        """Return whether no value is NaN or infinite (also not after rounding to float32)."""
        return bool(np.isfinite(self.vector).all())

    def not_finite(self) -> tuple[str, ...]:
        """Return the labels of the elements that are NaN or infinite."""
        bad = ~np.isfinite(self.vector)
        return tuple(label for label, is_bad in zip(self.spec.labels, bad, strict=True) if is_bad)
