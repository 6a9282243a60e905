"""Latency of every tick that asked the policy, and how many ticks came too late.

With action chunks most ticks only take the next action of the last chunk. They are counted, and
late ones are late; but their latency says nothing of the policy, and many of them would hide that
every inference is slow. So they are in no percentile, and being in time they end no row of misses.
"""

from collections import deque
from itertools import islice

import numpy as np

KEPT = 20_000
"""So many inferences are kept for the result of a goal."""
_RECENT = 1000


class LatencyRecord:
    """Latencies [s] of the last 20,000 inferences and the number of deadline misses."""

    def __init__(self, deadline_s: float):
        self.deadline_s = deadline_s
        self.clear()

    def clear(self) -> None:
        """Forget everything, for a new goal."""
        self._values: deque[float] = deque(maxlen=KEPT)
        self.ticks = 0
        self.misses = 0
        self.misses_in_a_row = 0
        self.last = 0.0

    def add(self, latency_s: float, asked: bool = True) -> None:
        """Take the latency of one tick [s]; `asked` is whether it asked the policy."""
        if asked:
            self._values.append(latency_s)
        self.last = latency_s
        self.ticks += 1
        if latency_s > self.deadline_s:
            self.misses += 1
            self.misses_in_a_row += 1
        elif asked:
            self.misses_in_a_row = 0

    @property
    def values(self) -> np.ndarray:
        """Return the kept latencies [s], oldest first, shape [n]."""
        return np.array(self._values, dtype=np.float64)

    def recent_percentile(self, percent: float) -> float:
        """Return a percentile over the last 1000 inferences [s], cheap enough for every status."""
        recent = list(islice(reversed(self._values), _RECENT))
        return float(np.percentile(recent, percent)) if recent else float('nan')

    def percentile(self, percent: float) -> float:
        """Return a percentile [s]; NaN before the first tick."""
        return float(np.percentile(self.values, percent)) if self._values else float('nan')
