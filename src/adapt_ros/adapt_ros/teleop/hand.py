"""What a person wants at this instant, from key presses or a joystick; nothing here knows ROS."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adapt_ros.teleop.bindings import Binding, Bindings


@dataclass(frozen=True)
class Wish:
    """What is wanted now."""

    alive: bool
    """The dead-man is held: only then may anything move."""
    action: np.ndarray
    """Action [A] in -1..1; elements that hold keep their last value."""


class Keyboard:
    """
    Key presses with the time as dead-man: a terminal does not tell when a key is released.

    A key acts for `timeout_s` after its last press; holding it down repeats it.
    """

    def __init__(self, bindings: Bindings, start: np.ndarray, timeout_s: float):
        self._bindings = bindings
        self._timeout_ns = round(timeout_s * 1e9)
        self._held = start.copy()
        self._moves: dict[int, tuple[float, int]] = {}
        """Per element: value and until when [ns]."""
        self._alive_until_ns = 0

    def press(self, key: str, now_ns: int) -> str | None:
        """Take a key; returns the word that it means, if it means one."""
        meaning = self._bindings.get(key, self._bindings.get(key.lower()))
        if not isinstance(meaning, Binding):
            return meaning
        self._alive_until_ns = now_ns + self._timeout_ns
        if meaning.holds:
            self._held[meaning.index] = meaning.value
        else:
            self._moves[meaning.index] = (meaning.value, self._alive_until_ns)
        return None

    def release(self) -> None:
        """Forget all keys; what is held stays."""
        self._moves, self._alive_until_ns = {}, 0

    def wish(self, now_ns: int, speed: float) -> Wish:
        """Return what is wanted, moves scaled by `speed` (0..1)."""
        action = self._held.copy()
        for index, (value, until_ns) in self._moves.items():
            if now_ns < until_ns:
                action[index] = value * speed
        return Wish(now_ns < self._alive_until_ns, action)


class Joystick:
    """A joystick with a button as dead-man; silence of it counts as released."""

    def __init__(self, axes: Bindings, buttons: Bindings, start: np.ndarray, deadman: int,
                 timeout_s: float, deadzone: float):
        self._axes = {int(k): b for k, b in axes.items() if isinstance(b, Binding)}
        self._buttons = {int(k): b for k, b in buttons.items()}
        self._deadman = deadman
        self._timeout_ns = round(timeout_s * 1e9)
        self._deadzone = deadzone
        self._held = start.copy()
        self._move = np.zeros_like(start)
        self._down: set[int] = set()
        self._alive_until_ns = 0
        self._armed = True
        """After a stop the dead-man has to be let go before it counts again."""

    @property
    def needs(self) -> tuple[int, int]:
        """Return how many axes and buttons a message must have."""
        return (max(self._axes, default=-1) + 1, max(self._deadman, *self._buttons, -1) + 1)

    def take(self, axes: Sequence[float], buttons: Sequence[int], now_ns: int) -> list[str]:
        """Take a message of the needed size; returns the words of buttons newly pressed."""
        down = {index for index, value in enumerate(buttons) if value}
        new, self._down = down - self._down, down
        self._armed = self._armed or self._deadman not in down
        alive = self._deadman in down and self._armed and bool(np.isfinite(axes).all())
        self._alive_until_ns = now_ns + self._timeout_ns if alive else 0
        self._move = np.zeros_like(self._held)
        for index, binding in self._axes.items() if alive else ():
            value = float(np.clip(axes[index], -1.0, 1.0))
            if binding.holds:
                self._held[binding.index] = value * binding.value
            elif abs(value) > self._deadzone:
                # The zone is cut out, not jumped over: the slowest speed is zero.
                rest = (abs(value) - self._deadzone) / (1.0 - self._deadzone)
                self._move[binding.index] += np.copysign(rest, value) * binding.value
        words = []
        for index in sorted(new):
            meaning = self._buttons.get(index)
            if isinstance(meaning, Binding) and alive and meaning.holds:
                self._held[meaning.index] = meaning.value
            elif isinstance(meaning, str):
                words.append(meaning)
        return words

    def release(self) -> None:
        """Act as if the dead-man were let go, until it really has been."""
        self._alive_until_ns, self._armed = 0, False

    def wish(self, now_ns: int, speed: float) -> Wish:
        """Return what is wanted, moves scaled by `speed` (0..1)."""
        action = self._held + np.clip(self._move, -1.0, 1.0) * speed
        return Wish(now_ns < self._alive_until_ns, action)
