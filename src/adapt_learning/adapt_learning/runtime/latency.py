"""Latency of every tick, and how many came too late."""

from collections import deque
from itertools import islice

import numpy as np

KEPT = 20_000
"""So many ticks are kept for the result of a goal."""
_RECENT = 1000


class LatencyRecord:
    """Latencies [s] of the last 20,000 ticks and the number of deadline misses."""

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

    def add(self, latency_s: float) -> None:
        """Take the latency of one tick [s]."""
        self._values.append(latency_s)
        self.last = latency_s
        self.ticks += 1
        late = latency_s > self.deadline_s
        self.misses += late
        self.misses_in_a_row = self.misses_in_a_row + 1 if late else 0

    @property
    def values(self) -> np.ndarray:
        """Return the kept latencies [s], oldest first, shape [n]."""
        return np.array(self._values, dtype=np.float64)

    def recent_percentile(self, percent: float) -> float:
        """Return a percentile over the last 1000 ticks [s], cheap enough for every status."""
        recent = list(islice(reversed(self._values), _RECENT))
        return float(np.percentile(recent, percent)) if recent else float('nan')

    def percentile(self, percent: float) -> float:
        """Return a percentile [s]; NaN before the first tick."""
        return float(np.percentile(self.values, percent)) if self._values else float('nan')
