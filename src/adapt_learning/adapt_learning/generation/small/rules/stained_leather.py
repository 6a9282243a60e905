"""Surfaces: a defect that can be seen."""

import cv2
import numpy as np

from adapt_learning.generation.small.rules.base import Judgement, Rule

_STANDS_OUT = 5.6
"""Times the usual deviation of the surface; found on procedural leather, good and stained."""
_AREA = (0.004, 0.2)
"""Of the picture, that a stain may cover."""
_FLOOR = 0.3
"""Added to the usual deviation [CIELAB]: on a surface without any texture noise is no stain."""


class StainedLeather(Rule):
    """One surface with one stain."""

    prompt = 'leather with a stain'
    category = 'surfaces: defect visible'
    condition = 'a spot stands out from the rest of the surface, and is small beside it'

    def judge(self, picture: np.ndarray) -> Judgement:
        """Return whether a spot stands out, and how clearly."""
        lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        pixel = picture.shape[0] / 32
        # Without the noise of pixels, and without light that changes from side to side.
        local = cv2.GaussianBlur(lab, (0, 0), pixel) - cv2.GaussianBlur(lab, (0, 0), 8 * pixel)
        away = np.linalg.norm(local - np.median(local, (0, 1)), axis=2)
        ratio = away / (np.median(away) + _FLOOR)
        peak = float(ratio.max())
        share = float((ratio > 0.5 * peak).mean())
        success = peak > _STANDS_OUT and _AREA[0] <= share <= _AREA[1]
        clearness = min(1.0, peak / (4 * _STANDS_OUT))
        return Judgement(success, 0.5 + 0.5 * clearness if success else 0.5 * clearness)
