"""Surfaces: a defect that can be seen."""

import cv2
import numpy as np

from adapt_learning.generation.small.rules.base import Judgement, Rule

_STANDS_OUT = 6.0
"""Times the usual deviation; found on procedural wood, good and with holes."""
_FLOOR = 0.5
"""Added to the usual deviation [lightness of CIELAB], for wood without any grain."""
_LARGEST = 0.1
"""Share of the picture that is nearly as dark as the darkest place."""
_WIDEST = 0.3
"""Of the side: how wide and how high the spot is at most. A dark stripe is no hole."""


class HoledWood(Rule):
    """Wood with a hole."""

    prompt = 'wood with a hole'
    category = 'surfaces: defect visible'
    condition = ('a dark spot stands out from the grain, and is small beside the picture in both '
                 'directions')
    version = 2

    def judge(self, picture: np.ndarray) -> Judgement:
        """Return whether a dark spot stands out, and how clearly."""
        lightness = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 0]
        pixel = picture.shape[0] / 32
        # Beside what is around it: light changes from side to side.
        darker = (cv2.GaussianBlur(lightness, (0, 0), 5 * pixel)
                  - cv2.GaussianBlur(lightness, (0, 0), 0.5 * pixel))
        darkest = float(darker.max())
        ratio = darkest / (float(np.median(np.abs(darker))) + _FLOOR)
        dark = darker > 0.5 * darkest
        clearness = max(0.0, min(1.0, ratio / (3 * _STANDS_OUT)))
        success = (ratio > _STANDS_OUT and float(dark.mean()) <= _LARGEST
                   and _extent(dark, int(darker.argmax())) <= _WIDEST)
        return Judgement(success, 0.5 + 0.5 * clearness if success else 0.5 * clearness)


def _extent(dark: np.ndarray, place: int) -> float:
    """Return the longer side of the dark spot at a flat index, as a share of the picture's."""
    _, spots, found, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8))
    spot = found[spots.flat[place]]
    height, width = dark.shape
    return max(spot[cv2.CC_STAT_WIDTH] / width, spot[cv2.CC_STAT_HEIGHT] / height)
