"""Triggers that wait for their frame, in order and bounded."""

from collections import deque
from dataclasses import dataclass

from adapt_learning.inspection import Examiner

MOST_CHARACTERS = 256
"""Of a part id."""


@dataclass(eq=False)
class Trigger:
    """One part to be inspected."""

    part_id: str
    source: str
    """service, action, topic or frame (free run)."""
    triggered_ns: int
    """On the node's clock."""
    asked_s: float
    """On the steady clock [s]."""
    timeout_s: float
    """INVALID without a frame for so long."""
    examiner: Examiner | None
    """The recipe that was selected when the trigger came."""
    sequence: int = 0
    stale: str = ''
    """Why the last frame was not taken; for the sentence of a verdict that had to do without."""


class TriggerQueue:
    """At most `limit` triggers; the first is served first."""

    def __init__(self, limit: int):
        self.limit = limit
        self._waiting: deque[Trigger] = deque()
        self._last = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Return whether another one would be refused."""
        return len(self._waiting) >= self.limit

    @property
    def head(self) -> Trigger | None:
        """Return the one that is served next."""
        return self._waiting[0] if self._waiting else None

    def number(self, trigger: Trigger) -> int:
        """Give a trigger its sequence number."""
        self._last += 1
        trigger.sequence = self._last
        return self._last

    def push(self, trigger: Trigger) -> None:
        """Let an accepted trigger wait; the caller has looked at `full`."""
        self.number(trigger)
        self._waiting.append(trigger)

    def remove(self, trigger: Trigger) -> None:
        """Take a trigger out, wherever it stands."""
        self._waiting.remove(trigger)

    def expired(self, now_s: float) -> list[Trigger]:
        """Return the triggers that have waited too long."""
        return [one for one in self._waiting if now_s - one.asked_s > one.timeout_s]

    def all(self) -> list[Trigger]:
        """Return all that wait."""
        return list(self._waiting)


def problem_with(part_id: str) -> str:
    """Return what is wrong with a part id, or ''."""
    if len(part_id) > MOST_CHARACTERS or not part_id.isprintable():
        return (f'a part id has at most {MOST_CHARACTERS} printable characters; got '
                f'{len(part_id)} characters: {part_id[:40]!r}')
    return ''
