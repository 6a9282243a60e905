"""Colours: float32 RGB in 0..1."""

import colorsys

import cv2
import numpy as np

Range = tuple[float, float]


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """Return RGB [3] of hue (0..1, goes round), saturation and value (0..1)."""
    return np.array(colorsys.hsv_to_rgb(hue % 1, min(max(saturation, 0), 1),
                                        min(max(value, 0), 1)), np.float32)


def draw(rng: np.random.Generator, hue: Range, saturation: Range, value: Range) -> np.ndarray:
    """Return a colour RGB [3] from ranges of hue, saturation and value."""
    return hsv(rng.uniform(*hue), rng.uniform(*saturation), rng.uniform(*value))


def near(rng: np.random.Generator, colour: np.ndarray, spread: float) -> np.ndarray:
    """Return a colour that differs a little, mostly in brightness."""
    return np.clip(colour * (1 + spread * rng.standard_normal())
                   + 0.25 * spread * rng.standard_normal(3), 0.02, 0.98).astype(np.float32)


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the picture [h, w, 3] that goes from colour `first` (share 0) to `second` (1)."""
    return cv2.merge([share * (b - a) + a for a, b in zip(first, second, strict=True)])


def lit(colour: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """Return a colour [3] or picture [h, w, 3] under a brightness [h, w]."""
    # Plane by plane: numpy's broadcasting over a last axis of 3 takes four times as long.
    if colour.ndim == 1:
        return cv2.merge([brightness * part for part in colour])
    return colour * cv2.merge([brightness] * 3)


def over(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return picture `below` with picture or colour `above` laid over it at a share [h, w]."""
    return below + (above - below) * cv2.merge([share] * 3)
