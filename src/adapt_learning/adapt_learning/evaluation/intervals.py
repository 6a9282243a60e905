"""How sure a success rate is."""

from dataclasses import dataclass

from adapt_learning.errors import SettingError


@dataclass(frozen=True)
class SuccessRate:
    """A share of successes with its Wilson interval."""

    successes: int
    episodes: int
    rate: float
    """successes / episodes."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""

    def __str__(self) -> str:
        """Return e.g. `97.5 % (94.3-98.9, 195 of 200)`."""
        return (f'{100 * self.rate:.1f} % ({100 * self.low:.1f}-{100 * self.high:.1f}, '
                f'{self.successes} of {self.episodes})')


def success_rate(successes: int, episodes: int, confidence: float = 0.95) -> SuccessRate:
    """
    Return the rate and its Wilson score interval (Wilson 1927).

    Unlike the normal approximation it stays within 0..1 and is right for 20 of 20, too.
    Raises SettingError for counts that make no sense.
    """
    if not 0 <= successes <= episodes or episodes < 1:
        raise SettingError(f'a success rate needs 0 <= successes <= episodes and at least one '
                           f'episode; got {successes} of {episodes}')
    from scipy.stats import binomtest  # half a second: only when something was evaluated
    interval = binomtest(successes, episodes).proportion_ci(confidence, method='wilson')
    return SuccessRate(successes, episodes, successes / episodes, float(interval.low),
                       float(interval.high))
