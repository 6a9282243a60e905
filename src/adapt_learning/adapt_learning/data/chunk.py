"""Action chunks: several actions are predicted at once, some of them executed before the next look.

The chunk of row t is a_t..a_{t+H-1}, one action per control period. It is cut within an episode and
never goes on into the next one. Where the episode ends, or rows are missing inside of it, the last
action before is held: that is what a robot does that gets no new command, and every row of the
data stays a beginning that can be learnt from. Leaving the last H - 1 rows out would hide the very
moments at which a task is finished.
"""

from dataclasses import asdict, dataclass

import numpy as np

from adapt_learning.data.episode import Episode
from adapt_learning.errors import SettingError

LONGEST = 100


@dataclass(frozen=True)
class Chunk:
    """How many actions a policy predicts from an observation, and how many are executed."""

    length: int = 1
    """H, actions that are predicted."""
    executed: int = 1
    """n, actions that are executed, one per tick, before the policy is asked again."""

    def __post_init__(self):
        whole = all(isinstance(n, int) and not isinstance(n, bool)
                    for n in (self.length, self.executed))
        if not whole or not 1 <= self.executed <= self.length <= LONGEST:
            raise SettingError(f'a chunk has 1 <= executed <= length <= {LONGEST}, whole numbers; '
                               f'got executed {self.executed!r} and length {self.length!r}')

    @property
    def as_dict(self) -> dict[str, int] | None:
        """Return JSON values; None for single actions, which need no word."""
        return None if self == Chunk() else asdict(self)


def action_chunks(episode: Episode, length: int, rate_hz: float) -> np.ndarray:
    """
    Return the next `length` actions of every row of an episode, float32 [T, length, A].

    Rows are counted in periods of the control rate, so that a chunk keeps its time where rows are
    missing (pairs that a restoration dropped, messages that were lost).
    """
    periods = np.rint(np.diff(episode.timestamp_s) * rate_hz).astype(np.int64)
    ticks = np.concatenate([[0], np.maximum(periods, 1).cumsum()])
    rows = np.searchsorted(ticks, ticks[:, None] + np.arange(length), side='right') - 1
    return episode.action[rows]
