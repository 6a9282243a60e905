"""Where a map lies above its threshold: connected parts in pixels of the frame."""

import cv2
import numpy as np

from adapt_learning.inspection.verdict import Region

MOST_REGIONS = 50


def find_regions(values: np.ndarray, threshold: float, width: int, height: int,
                 most: int = MOST_REGIONS) -> tuple[Region, ...]:
    """
    Return the regions of a map [h, w] in a frame of width x height, largest peak first.

    Parts are joined on the map's own grid and their boxes carried to the frame, whole cells at a
    time: a map that is enlarged first loses peaks of single cells between its new pixels.
    """
    inside = values > threshold
    if not inside.any():
        return ()
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        inside.astype(np.uint8), connectivity=8)
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, labels[inside], values[inside])
    rows, columns = values.shape
    # Label 0 is everything else. Of equal peaks the first in reading order stays the first.
    order = 1 + np.argsort(-peaks[1:], kind='stable')[:most]
    found = []
    for i in order:
        column, row, wide, high, area = (int(value) for value in boxes[i])
        x, right = _span(column, wide, width, columns)
        y, below = _span(row, high, height, rows)
        pixels = max(1, round(area * width * height / (columns * rows)))
        found.append(Region(x, y, right - x, below - y, min(pixels, (right - x) * (below - y)),
                            float(peaks[i]) / threshold))
    return tuple(found)


def _span(first: int, cells: int, pixels: int, of: int) -> tuple[int, int]:
    """Return the pixels (first, behind the last) that cells of a grid of `of` cells touch."""
    return first * pixels // of, -(-(first + cells) * pixels // of)
