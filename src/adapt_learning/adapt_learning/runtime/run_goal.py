"""One goal of a policy: how many episodes, how long, and what became of them."""

from dataclasses import dataclass

from adapt_learning.runtime.stop import Stop, StopReason

OUTCOME_UNKNOWN, OUTCOME_SUCCESS, OUTCOME_FAILURE, OUTCOME_ABORTED = range(4)
"""The values of adapt_msgs/msg/Outcome."""

DEFAULT_START_TIMEOUT_S = 10.0


@dataclass
class RunGoal:
    """
    Book-keeping of a run; all times are steady nanoseconds that are handed in.

    Zero means: no limit of this kind (`start_timeout_s`: the default of 10 s).
    """

    max_episodes: int = 0
    max_duration_s: float = 0.0
    start_timeout_s: float = 0.0
    started_ns: int = 0
    episodes: int = 0
    successes: int = 0
    outcome: int = OUTCOME_UNKNOWN
    waiting_since_ns: int | None = None
    """Since when an observation is awaited; None while they flow."""

    def __post_init__(self):
        self.waiting_since_ns = self.started_ns

    def episode_began(self, now_ns: int) -> None:
        """Note that an episode began; its first observation is awaited from now on."""
        self.outcome = OUTCOME_UNKNOWN
        self.waiting_since_ns = now_ns

    def observed(self) -> None:
        """Note that observations flow."""
        self.waiting_since_ns = None

    def episode_ended(self, outcome: int, now_ns: int) -> Stop | None:
        """Count an ended episode; returns the stop if it was the last one asked for."""
        self.episodes += 1
        self.successes += outcome == OUTCOME_SUCCESS
        self.outcome = outcome
        self.waiting_since_ns = now_ns
        if self.max_episodes and self.episodes >= self.max_episodes:
            return Stop(StopReason.EPISODES_DONE, f'{self.episodes} episodes are done')
        return None

    def check(self, now_ns: int) -> Stop | None:
        """Return a stop when the time is over or the first observation does not come."""
        if self.max_duration_s and (now_ns - self.started_ns) * 1e-9 >= self.max_duration_s:
            return Stop(StopReason.TIME_LIMIT, f'{self.max_duration_s:g} s are over')
        limit = self.start_timeout_s or DEFAULT_START_TIMEOUT_S
        if self.waiting_since_ns is not None and (now_ns - self.waiting_since_ns) * 1e-9 > limit:
            return Stop(StopReason.OBSERVATION_TIMEOUT,
                        f'no complete observation within {limit:g} s after the start')
        return None
