"""Heat maps on a fixed scale: the same colour means the same everywhere and every time.

1.0 is the threshold of the map and stands in the middle of the colours. Nothing is scaled by the
picture at hand, so a good part looks cold.
"""

import cv2
import numpy as np

from adapt_learning.inspection.pictures import to_rgb

_TOP = 2.0
"""Ratio at the hot end of the colours."""
_OPAQUE = 0.6
"""Weight of the colours from the threshold on; below it they fade out with the ratio."""


def heat_map(values: np.ndarray, threshold: float, pixels: np.ndarray) -> np.ndarray:
    """Return uint8 RGB [H, W, 3]: a map [h, w] in colours over its frame."""
    frame = to_rgb(pixels)
    height, width = frame.shape[:2]
    ratios = (values / np.float32(threshold)).astype(np.float32)
    ratios = np.nan_to_num(ratios, nan=_TOP, posinf=_TOP, neginf=0.0)
    ratios = cv2.resize(ratios, (width, height), interpolation=cv2.INTER_LINEAR)
    levels = np.clip(ratios * (255.0 / _TOP), 0.0, 255.0).astype(np.uint8)
    colours = cv2.applyColorMap(levels, cv2.COLORMAP_TURBO)[:, :, ::-1]
    weight = (_OPAQUE * np.clip(ratios, 0.0, 1.0))[:, :, None]
    mixed = frame.astype(np.float32) * (1.0 - weight) + colours.astype(np.float32) * weight
    return np.round(mixed).astype(np.uint8)
