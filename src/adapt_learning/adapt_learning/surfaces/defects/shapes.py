"""Shapes of defects: paths, strokes, blobs. All are float32 layers [h, w] of 0..1."""

import math

import cv2
import numpy as np

from adapt_learning.surfaces.fields import axes, noise

_SUBPIXEL = 4


def place(rng: np.random.Generator, shape: tuple[int, int], margin: float = 0.12) -> np.ndarray:
    """Return a point (y, x) in px that keeps away from the border."""
    return rng.uniform(margin, 1 - margin, 2) * shape


def path(rng: np.random.Generator, start: np.ndarray, heading: float, length: float,
         bend: float, jag: float = 0.0, wave: float = 0.0, step_px: float = 2.0) -> np.ndarray:
    """
    Return the points [n, 2] (y, x) of a way of some length [px].

    `bend` is how far it turns in all [rad], `jag` the angle of sudden turns, `wave` that of slow
    turns to and fro.
    """
    n = max(int(length / step_px), 3)
    t = np.linspace(-0.5, 0.5, n)
    angles = heading + bend * t
    if wave:
        angles = angles + wave * np.sin(2 * np.pi * (rng.uniform(0.6, 1.8) * t + rng.random()))
    if jag:
        # The heading stays for a few steps, then jumps, and comes back in the mean.
        jumps = np.where(rng.random(n) < 0.35, rng.normal(0, jag, n), 0)
        kept = np.zeros(n)
        for i in range(1, n):
            kept[i] = 0.75 * kept[i - 1] + jumps[i] if jumps[i] else kept[i - 1]
        angles = angles + kept
    steps = np.stack((np.sin(angles), np.cos(angles)), -1) * (length / n)
    return start + np.cumsum(steps, axis=0) - steps.sum(0) / 2


def stroke(shape: tuple[int, int], points: np.ndarray, widths: np.ndarray | float) -> np.ndarray:
    """Return a line through points, with a width [px] per point or for all."""
    layer = np.zeros(shape, np.uint8)
    widths = np.broadcast_to(np.asarray(widths, np.float64), len(points))
    scale = 1 << _SUBPIXEL
    drawn = np.round(points[:, ::-1] * scale).astype(np.int32)
    if widths.max() <= 1.8:  # thinner than what circles can show: a line of less weight
        for i in range(len(drawn) - 1):
            weight = int(255 * min(widths[i] / 1.3, 1))
            cv2.line(layer, drawn[i].tolist(), drawn[i + 1].tolist(), weight, 1, cv2.LINE_AA,
                     _SUBPIXEL)
        return layer.astype(np.float32) / 255
    for i in range(len(drawn) - 1):
        parts = max(int(np.hypot(*(points[i + 1] - points[i])) / 0.7), 1)
        for k in range(parts):
            t = k / parts
            at = drawn[i] * (1 - t) + drawn[i + 1] * t
            wide = widths[i] * (1 - t) + widths[i + 1] * t
            cv2.circle(layer, (int(at[0]), int(at[1])), max(int(wide / 2 * scale), 6), 255, -1,
                       cv2.LINE_AA, _SUBPIXEL)
    return layer.astype(np.float32) / 255


def blob(rng: np.random.Generator, shape: tuple[int, int], centre: np.ndarray, radius: float,
         rough: float = 0.25, soft_px: float = 1.5, squeeze: float = 1.0,
         turn: float = 0.0) -> np.ndarray:
    """
    Return an irregular spot: 1 inside, a border of about `soft_px`.

    `rough` is how much its radius varies, `squeeze` how much shorter it is across `turn` [rad].
    """
    inside = depth(rng, shape, centre, radius, rough, squeeze, turn)
    return np.clip(0.5 + inside / max(soft_px, 0.8), 0, 1)


def depth(rng: np.random.Generator, shape: tuple[int, int], centre: np.ndarray, radius: float,
          rough: float, squeeze: float = 1.0, turn: float = 0.0) -> np.ndarray:
    """Return how far inside of an irregular spot a pixel lies [px]; negative outside."""
    y, x = axes(shape)
    dy, dx = y - np.float32(centre[0]), x - np.float32(centre[1])
    c, s = math.cos(turn), math.sin(turn)
    along, across = c * dx + s * dy, (c * dy - s * dx) / squeeze
    far = np.sqrt(along * along + across * across)
    uneven = 0.8 * noise(rng, shape, 1.3 * radius) + 0.25 * noise(rng, shape, 0.45 * radius)
    return radius * (1 + rough * uneven) - far


def shifted(layer: np.ndarray, dy: float, dx: float) -> np.ndarray:
    """Return a layer moved by some px; what comes in is 0."""
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return cv2.warpAffine(layer, matrix, layer.shape[::-1])
