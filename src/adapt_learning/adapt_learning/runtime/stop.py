"""Why a policy stopped; the values are those of adapt_msgs/msg/TerminationReason."""

from dataclasses import dataclass
from enum import IntEnum


class StopReason(IntEnum):
    """Cause of a stop; a test keeps the numbers equal to the message's constants."""

    NONE = 0
    EPISODES_DONE = 1
    TIME_LIMIT = 2
    CANCELED = 3
    DEACTIVATED = 4
    OBSERVATION_TIMEOUT = 5
    OBSERVATION_NOT_FINITE = 6
    OBSERVATION_MALFORMED = 7
    ACTION_NOT_FINITE = 8
    DEADLINE_MISSED = 9
    MULTIPLE_PUBLISHERS = 10
    UNLIKE_EXPERT = 11
    OPERATOR_STOP = 12
    SIMULATION_LOST = 13
    INTERNAL_ERROR = 14

    @property
    def latches(self) -> bool:
        """Return whether a person has to reset the stop before the policy may move again."""
        return self not in _ORDERLY


_ORDERLY = frozenset({
    StopReason.NONE,
    StopReason.EPISODES_DONE,
    StopReason.TIME_LIMIT,
    StopReason.CANCELED,
    StopReason.DEACTIVATED,
})


@dataclass(frozen=True)
class Stop:
    """One stop: its cause and one sentence for the operator."""

    reason: StopReason
    text: str
