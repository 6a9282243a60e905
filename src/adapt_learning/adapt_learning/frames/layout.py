"""From raw message fields to the observation vector, and from the action vector to commands."""

from collections.abc import Mapping

import numpy as np

from adapt_learning.errors import SampleError
from adapt_learning.frames.contract import ActionFeature, Contract, ObservationFeature
from adapt_learning.frames.frame import Frame
from adapt_learning.frames.rotations import euler_xyz


class Layout:
    """
    The one place where raw values become vectors and vectors become commands.

    *Raw* values are what a message field carries, e.g. a quaternion [4], before conversion and
    selection. Simulation, live nodes and bag conversion all pass through here.
    """

    def __init__(self, contract: Contract):
        self.contract = contract
        self.observation_spec = contract.observation_spec
        self.action_spec = contract.action_spec
        self.raw_keys = tuple(f.key for f in contract.observation if f.derive is None)
        self._features = {f.key: f for f in contract.observation}

    def check_raw(self, key: str, raw: np.ndarray) -> np.ndarray:
        """Return a float64 copy [n] of the raw value; SampleError where its length is wrong."""
        feature = self._features[key]
        array = np.array(raw, dtype=np.float64)
        size = feature.raw_size
        wrong = array.ndim != 1 or (size is not None and array.shape[0] != size)
        if not wrong and size is None:
            wrong = array.shape[0] <= max(feature.take)
        if wrong:
            allowed = size if size is not None else f'at least {max(feature.take) + 1}'
            raise SampleError(
                f"'{key}' ({feature.type} {feature.field}) needs {allowed} elements by the "
                f'contract; got shape {list(array.shape)}')
        return array

    def frame(self, stamp_ns: int, raw: Mapping[str, np.ndarray]) -> Frame:
        """Convert, select and derive; `raw` has one array per key in `raw_keys`."""
        values = {}
        for feature in self.contract.observation:
            if feature.derive is None:
                if feature.key not in raw:
                    raise SampleError(f"the raw values lack '{feature.key}'; needed are "
                                      f'{list(self.raw_keys)}, there are {sorted(raw)}')
                values[feature.key] = _convert(feature, self.check_raw(feature.key,
                                                                       raw[feature.key]))
        for feature in self.contract.observation:
            if feature.derive is not None:
                first, second = feature.derive.of
                values[feature.key] = values[first] - values[second]
        return Frame(self.observation_spec, stamp_ns, values)

    def commands(self, action: np.ndarray) -> dict[str, np.ndarray]:
        """Split an action vector [A] and scale each part into SI units."""
        action = np.asarray(action, dtype=np.float64)
        if action.shape != (self.action_spec.size,):
            raise SampleError(f'an action has shape [{self.action_spec.size}] by the contract; '
                              f'got {list(action.shape)}')
        slices = self.action_spec.slices
        return {f.key: action[slices[f.key]] * f.scale for f in self.contract.action}

    def action(self, commands: Mapping[str, np.ndarray]) -> np.ndarray:
        """Invert `commands`: SI units back to the action vector, float32 [A]."""
        parts = [_unscaled(f, commands) for f in self.contract.action]
        return np.concatenate(parts).astype(np.float32)


def _convert(feature: ObservationFeature, raw: np.ndarray) -> np.ndarray:
    value = euler_xyz(raw) if feature.convert == 'euler_xyz' else raw
    return value[list(feature.take)] if feature.take else value


def _unscaled(feature: ActionFeature, commands: Mapping[str, np.ndarray]) -> np.ndarray:
    value = np.asarray(commands[feature.key], dtype=np.float64)
    if value.shape != (feature.size,):
        raise SampleError(f"command '{feature.key}' has {feature.size} elements by the contract; "
                          f'got shape {list(value.shape)}')
    return value / feature.scale
