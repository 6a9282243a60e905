"""Does this look like expert behaviour? The DBC diffusion model as a run-time detector.

The noise-prediction error of an expert (state, action) pair is small (dissertation eq. 3.2); a
pair from elsewhere gives a larger one. The running mean over a few ticks is compared with
thresholds that were calibrated on held-out expert episodes when the policy was trained.
"""

import math
from collections import deque
from dataclasses import dataclass

from adapt_learning.errors import ArtifactError

_WORST = 1e6
"""Largest error that is told apart, in units of the warning threshold."""


@dataclass(frozen=True)
class LikenessCalibration:
    """Thresholds of the running mean, from held-out expert pairs."""

    window: int
    """Ticks in the running mean."""
    warn: float
    """Running mean above this: warn (score 1.0)."""
    stop: float
    """Running mean above this: stop, where stopping is asked for."""

    def __post_init__(self):
        if self.window < 1 or not 0 < self.warn <= self.stop:
            raise ArtifactError(
                'a likeness calibration needs window >= 1 and 0 < warn <= stop; got '
                f'window {self.window}, warn {self.warn}, stop {self.stop}')


class LikenessMonitor:
    """Running mean of the detector's score, in units of the warning threshold."""

    def __init__(self, calibration: LikenessCalibration):
        self.calibration = calibration
        self.reset()

    def reset(self) -> None:
        """Begin a new episode."""
        self._window: deque[float] = deque(maxlen=self.calibration.window)
        self.score = float('nan')

    def add(self, error: float) -> float:
        """
        Take the noise-prediction error of one tick; return the running score (1 = warn).

        An error that is not finite is the worst there is: a detector must not go blind there.
        """
        worst = _WORST * self.calibration.warn
        self._window.append(min(error, worst) if math.isfinite(error) else worst)
        self.score = sum(self._window) / len(self._window) / self.calibration.warn
        return self.score

    @property
    def warns(self) -> bool:
        """Return whether the running score is above the warning threshold."""
        return self.score > 1.0

    @property
    def stops(self) -> bool:
        """Return whether the running score is above the stop threshold (full windows only)."""
        full = len(self._window) == self.calibration.window
        return full and self.score > self.calibration.stop / self.calibration.warn
