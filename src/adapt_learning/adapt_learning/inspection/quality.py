"""Whether a frame can be judged at all: blur, exposure, emptiness.

The limits come from the references of a recipe, so that they fit the surface: brushed metal has
saturated pixels by nature, and paper has hardly any edges. Everything is measured on the pixels
that the detector sees; what is lost in a larger frame and not there does no harm.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from adapt_learning.errors import SettingError

_BRIGHT, _DARK = 250, 5
"""Grey values from which a pixel has lost what it showed."""
_SHARPNESS_LEFT = 0.25
"""A frame with less of the smallest sharpness of the references is blurred."""
_SPREAD_LEFT, _UNIFORM = 0.25, 2.0
"""A frame is empty below the smaller of this share of the references' spread and this spread."""
_MORE_SATURATED = 0.2
"""So much more of the frame may be saturated than in any reference."""


@dataclass(frozen=True)
class Quality:
    """What was measured on one picture."""

    sharpness: float
    """Variance of the Laplacian of the grey values [0..255]."""
    bright: float
    """Share of pixels at the upper end, 0..1."""
    dark: float
    """Share of pixels at the lower end, 0..1."""
    spread: float
    """Standard deviation of the grey values."""


@dataclass(frozen=True)
class QualityLimits:
    """What a frame of one surface must keep to."""

    least_sharpness: float
    most_bright: float
    most_dark: float
    least_spread: float

    def __post_init__(self):
        """Refuse limits that would let everything pass or nothing."""
        if not all(np.isfinite(value) and value >= 0 for value in asdict(self).values()):
            raise SettingError('limits of the quality of frames are finite and not negative; got '
                               f'{asdict(self)}: make the recipe anew')


def measure(image: np.ndarray) -> Quality:
    """Measure what a detector sees, uint8 RGB [n, n, 3]."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return Quality(
        sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
        bright=float((grey >= _BRIGHT).mean()), dark=float((grey <= _DARK).mean()),
        spread=float(grey.std()))


def limits_of(references: Sequence[Quality]) -> QualityLimits:
    """Return the limits that follow from the references of a surface."""
    return QualityLimits(
        least_sharpness=_SHARPNESS_LEFT * min(one.sharpness for one in references),
        most_bright=max(one.bright for one in references) + _MORE_SATURATED,
        most_dark=max(one.dark for one in references) + _MORE_SATURATED,
        least_spread=min(_UNIFORM, _SPREAD_LEFT * min(one.spread for one in references)))
