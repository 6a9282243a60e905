"""Scalar fields that textures are made of: noise, grain, cells, hairs, relief.

All return float32 [h, w]; a shape is (h, w) in px, lengths are in px. Random fields have mean 0 and
a standard deviation near 1.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

_CUBIC_STD = 0.8
"""Standard deviation of unit noise on a lattice after cubic interpolation in two directions."""
_COARSE_PX = 4


def axes(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return y [h, 1] and x [1, w] in px, to be broadcast."""
    return (np.arange(shape[0], dtype=np.float32)[:, None],
            np.arange(shape[1], dtype=np.float32)[None, :])


def white(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return noise that is new in every pixel."""
    return rng.standard_normal(shape, dtype=np.float32)


def noise(rng: np.random.Generator, shape: tuple[int, int], cell_y: float,
          cell_x: float | None = None) -> np.ndarray:
    """Return smooth noise whose bumps are about cell_y x cell_x large; below 1 it is white."""
    cells = (max(cell_y, 1.0), max(cell_y if cell_x is None else cell_x, 1.0))
    # Where a cell is large the cubic interpolation needs a few points in it, a linear one the rest.
    coarse = [_COARSE_PX if cell >= 4 * _COARSE_PX else 1 for cell in cells]
    need = [math.ceil(n / c) + (c > 1) for n, c in zip(shape, coarse, strict=True)]
    each = [cell / c for cell, c in zip(cells, coarse, strict=True)]
    grid = [math.ceil(n / e) + 4 for n, e in zip(need, each, strict=True)]
    values = rng.standard_normal(grid, dtype=np.float32)
    tall, wide = (math.ceil(n * e) for n, e in zip(grid, each, strict=True))
    # Nobody sees the first and the last cell: there the interpolation repeats the border.
    top, left = (int(e * rng.uniform(1, 2)) for e in each)
    field = cv2.resize(values, (wide, tall), interpolation=cv2.INTER_CUBIC)
    field = field[top:top + need[0], left:left + need[1]] / np.float32(_CUBIC_STD)
    if coarse != [1, 1]:
        field = cv2.resize(field, (need[1] * coarse[1], need[0] * coarse[0]),
                           interpolation=cv2.INTER_LINEAR)
    return field[:shape[0], :shape[1]]


def fractal(rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int = 4,
            gain: float = 0.5, stretch: float = 1.0) -> np.ndarray:
    """Return noise of several sizes, each half of the one before; `stretch` draws it out in x."""
    total, power = np.zeros(shape, np.float32), 0.0
    for k in range(octaves):
        total += gain ** k * noise(rng, shape, cell / 2 ** k, cell * stretch / 2 ** k)
        power += gain ** (2 * k)
    return total / np.float32(math.sqrt(power))


def blurred(rng: np.random.Generator, shape: tuple[int, int], sigma_y: float,
            sigma_x: float | None = None) -> np.ndarray:
    """Return white noise after a Gaussian blur, brought back to a standard deviation of 1."""
    field = cv2.GaussianBlur(white(rng, shape), (0, 0), max(sigma_x or sigma_y, 0.1),
                             sigmaY=max(sigma_y, 0.1))
    return field / max(float(field.std()), 1e-6)


def grains(rng: np.random.Generator, shape: tuple[int, int], fine: float,
           coarse: float) -> np.ndarray:
    """Return noise of one size only (a band between two blurs): orange peel, eroded plastic."""
    source = white(rng, shape)
    field = (cv2.GaussianBlur(source, (0, 0), fine) - cv2.GaussianBlur(source, (0, 0), coarse))
    return field / max(float(field.std()), 1e-6)


def moved(field: np.ndarray, dy: np.ndarray | float,
          dx: np.ndarray | float) -> np.ndarray:
    """Return the field read at y + dy, x + dx [px] (mirrored beyond its border)."""
    shape = field.shape[:2]
    y, x = axes(shape)
    return cv2.remap(field, np.broadcast_to(x + dx, shape).astype(np.float32),
                     np.broadcast_to(y + dy, shape).astype(np.float32),
                     cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def slope(height: np.ndarray, light_rad: float) -> np.ndarray:
    """Return how much the height rises towards the light, per px: what a raking light shows."""
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32) / 8
    turned = math.cos(light_rad) * kernel + math.sin(light_rad) * kernel.T
    return cv2.filter2D(height.astype(np.float32), cv2.CV_32F, turned,
                        borderType=cv2.BORDER_REFLECT_101)


def step(field: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, smooth between them."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Cells:
    """A surface divided into cells, each of which is nearest to its point."""

    label: np.ndarray
    """int32 [h, w]: number of the cell, 0..count-1."""
    centre: np.ndarray
    """float32 [h, w]: distance to the point of the cell [px]."""
    border: np.ndarray
    """float32 [h, w]: distance to the nearest other cell [px]."""
    count: int

    def paint(self, values: np.ndarray) -> np.ndarray:
        """Return a field (or picture) with one value (or colour) per cell."""
        return np.take(values, self.label, axis=0)


def cells(rng: np.random.Generator, shape: tuple[int, int], pitch: float, jitter: float = 1.0,
          stretch: float = 1.0) -> Cells:
    """Return cells around the points of a jittered grid; jitter 0 is square, 1 is random."""
    pitch_y, pitch_x = max(pitch, 2.0), max(pitch * stretch, 2.0)
    pad_y, pad_x = math.ceil(1.5 * pitch_y), math.ceil(1.5 * pitch_x)
    tall, wide = shape[0] + 2 * pad_y, shape[1] + 2 * pad_x
    rows, columns = int(tall / pitch_y) + 1, int(wide / pitch_x) + 1
    at = rng.uniform(0.5 - jitter / 2, 0.5 + jitter / 2, (2, rows, columns))
    y = ((np.arange(rows)[:, None] + at[0]) * pitch_y).astype(np.int32).ravel()
    x = ((np.arange(columns)[None, :] + at[1]) * pitch_x).astype(np.int32).ravel()
    ground = np.full((tall, wide), 255, np.uint8)
    ground[np.clip(y, 0, tall - 1), np.clip(x, 0, wide - 1)] = 0
    centre, label = cv2.distanceTransformWithLabels(
        ground, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    same = np.ones((tall, wide), np.uint8)
    same[:, 1:] = label[:, 1:] == label[:, :-1]
    same[1:] &= label[1:] == label[:-1]
    border = cv2.distanceTransform(same, cv2.DIST_L2, 3)
    inner = (slice(pad_y, pad_y + shape[0]), slice(pad_x, pad_x + shape[1]))
    return Cells(label[inner] - 1, centre[inner], border[inner], int(label.max()))


def hairs(rng: np.random.Generator, shape: tuple[int, int], count: int, length: float,
          curl: float = 0.6, angle_rad: float | None = None, spread_rad: float = 0.3,
          levels: int = 3) -> np.ndarray:
    """
    Return curved thin lines, 0..1: fibres that lie across each other.

    `curl` is how far a fibre turns along its length [rad]; they lie in all directions, or about
    `angle_rad` within `spread_rad`. They have `levels` brightnesses.
    """
    layer = np.zeros(shape, np.uint8)
    along = np.linspace(-0.5, 0.5, 7, dtype=np.float32)
    start = rng.uniform(-0.1, 1.1, (2, count, 1)) * np.array(shape).reshape(2, 1, 1)
    heading = rng.uniform(0, 2 * np.pi, (count, 1)) if angle_rad is None else (
        angle_rad + spread_rad * rng.standard_normal((count, 1)))
    turning = heading + curl * rng.standard_normal((count, 1)) * along * 2
    each = length * rng.uniform(0.5, 1.3, (count, 1)) / (len(along) - 1)
    y = start[0] + np.cumsum(each * np.sin(turning), axis=1)
    x = start[1] + np.cumsum(each * np.cos(turning), axis=1)
    points = np.round(np.stack((x, y), -1) * 16).astype(np.int32)
    for k in range(levels):
        part = points[k::levels]
        if len(part):
            cv2.polylines(layer, list(part), False, 255 * (k + 1) // levels, 1, cv2.LINE_AA, 4)
    return layer.astype(np.float32) / 255
