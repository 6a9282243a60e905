"""From what a person wants to what a robot is told: dead-man, limits, soft start, safe command."""

import numpy as np

from adapt_learning.frames import Contract, Layout
from adapt_learning.runtime.limits import CommandLimiter
from adapt_ros.teleop.hand import Wish


class Drive:
    """
    Commands while the dead-man is held, one safe command when it is released, then silence.

    The same limits and soft start as for a policy; every new hold of the dead-man begins softly.
    """

    def __init__(self, contract: Contract):
        self._layout = Layout(contract)
        self._limiter = CommandLimiter(contract)
        self.moving = False

    @property
    def limited(self) -> int:
        """Return how many commands were changed by a limit."""
        return self._limiter.limited

    def tick(self, wish: Wish) -> dict[str, np.ndarray] | None:
        """Return the commands of this control period (SI units), or None to be silent."""
        if not wish.alive:
            return self.release()
        if not self.moving:
            self._limiter.reset()
            self.moving = True
        return self._limiter.apply(self._layout.commands(wish.action))

    def release(self) -> dict[str, np.ndarray] | None:
        """Return the safe command if the robot was moved, else None."""
        if not self.moving:
            return None
        self.moving = False
        return self._limiter.safe()
