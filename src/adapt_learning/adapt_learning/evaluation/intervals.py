"""How sure a success rate is."""

import math
from dataclasses import dataclass
from statistics import NormalDist

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
    z = NormalDist().inv_cdf(0.5 + 0.5 * confidence)
    rate, share = successes / episodes, z * z / episodes
    centre = rate + 0.5 * share
    half = z * math.sqrt(rate * (1 - rate) / episodes + 0.25 * share / episodes)
    low, high = (centre - half) / (1 + share), (centre + half) / (1 + share)
    return SuccessRate(successes, episodes, rate, 0.0 if successes == 0 else low,
                       1.0 if successes == episodes else high)
