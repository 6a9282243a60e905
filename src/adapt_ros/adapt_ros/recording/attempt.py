"""One attempt of a recording session to get a demonstration recorded."""

import time
from dataclasses import dataclass, field

from adapt_msgs.msg import EpisodeStatus

# An episode that is over for so long while the recorder still waits for it was missed.
_MISSED_AFTER_NS = 2_000_000_000


@dataclass
class Attempt:
    """What is known of it so far."""

    begun_ns: int = field(default_factory=time.monotonic_ns)
    """On the steady clock."""
    asked: bool = False
    """The scene was reset for it, or the policy started."""
    steps: int = 0
    answer: object = None
    """Result of the recorder, once it is there."""
    policy: object = None
    """Result of the policy, once it is there."""
    _runs: bool = False
    _over_ns: int = 0

    @property
    def seconds(self) -> float:
        """Return for how long it has been going on [s]."""
        return (time.monotonic_ns() - self.begun_ns) * 1e-9

    def hear(self, status: EpisodeStatus) -> None:
        """Follow the episode of the scene."""
        self.steps = status.steps
        if self.asked and status.state == EpisodeStatus.STATE_RUNNING:
            self._runs = True
        elif self._runs and not self._over_ns:
            self._over_ns = time.monotonic_ns()

    def is_missed(self) -> bool:
        """Return True, once, where a recorder that still waits cannot have heard its episode."""
        missed = bool(self._over_ns) and time.monotonic_ns() - self._over_ns > _MISSED_AFTER_NS
        if missed:
            self._runs, self._over_ns = False, 0
        return missed
