"""Limits between the policy and the robot: magnitude, rate of change, soft start. Always on."""

from collections.abc import Mapping

import numpy as np

from adapt_learning.frames import Contract

# A policy that saturates overshoots its box a little; cutting that off is not worth a report.
_NOTABLE = 0.05


class CommandLimiter:
    """
    Clip commands to the contract's limits.

    Deterministic: it counts control periods, not seconds, so a simulation that runs faster than
    the clock gets the same commands. Arrays are float64 [size] in the units of the contract.
    """

    def __init__(self, contract: Contract):
        self._features = contract.action
        self._period_s = 1.0 / contract.rate_hz
        self._soft_ticks = round(contract.safety.soft_start_s * contract.rate_hz)
        self.limited = 0
        self._last: dict[str, np.ndarray] = {}
        self.reset()

    def reset(self) -> None:
        """Begin an episode: soft start from rest; what is held stays where it was commanded."""
        held = {f.key for f in self._features if f.on_stop == 'hold'}
        self._last = {key: value for key, value in self._last.items() if key in held}
        self._before = dict(self._last)
        self._ticks = 0

    def apply(self, commands: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """
        Return the limited commands.

        `limited` counts the calls that changed an element by more than 5 % of its limit.
        """
        result, changed = {}, False
        for feature in self._features:
            wanted = commands[feature.key]
            value = np.clip(_shortened(wanted, feature.max_norm), -feature.limit, feature.limit)
            if feature.on_stop == 'zero' and self._ticks < self._soft_ticks:
                value = value * ((self._ticks + 1) / (self._soft_ticks + 1))
            # A velocity starts from rest; where a held quantity starts is known only after its
            # first command, which is free.
            last = self._last.get(feature.key)
            if last is None and feature.on_stop == 'zero':
                last = np.zeros(feature.size)
            if feature.max_rate is not None and last is not None:
                step = feature.max_rate * self._period_s
                value = np.clip(value, last - step, last + step)
            changed = changed or bool((abs(value - wanted) > _NOTABLE * feature.limit).any())
            result[feature.key] = value
        self._before, self._last = self._last, result
        self._ticks += 1
        self.limited += changed
        return result

    def withdraw(self) -> None:
        """Take back the last `apply`: its commands are not sent, so they are not to be held."""
        self._last = self._before

    def safe(self) -> dict[str, np.ndarray]:
        """
        Return the command that stops the robot, and remember it as the last one.

        Features with on_stop 'zero' are zero; those with 'hold' repeat the last command and are
        left out where nothing was ever commanded.
        """
        result = {}
        for feature in self._features:
            if feature.on_stop == 'zero':
                result[feature.key] = np.zeros(feature.size)
            elif feature.key in self._last:
                result[feature.key] = self._last[feature.key]
        self._last = dict(result)
        return result


def _shortened(vector: np.ndarray, longest: float | None) -> np.ndarray:
    """Return the vector, shortened to `longest` where it is longer; its direction stays."""
    if longest is None:
        return vector
    length = float(np.linalg.norm(vector))
    return vector if length <= longest else vector * (longest / length)
