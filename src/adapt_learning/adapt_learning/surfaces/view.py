"""The camera over a surface: what stays from picture to picture and what changes a little."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from adapt_learning.surfaces.fields import axes

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class View:
    """Camera and light of one line; each picture differs from it by what `vary_*` allow."""

    quarter_turns: int
    tilt_deg: float
    vary_tilt_deg: float
    grey: bool
    """A monochrome camera: the three channels are equal."""
    gain: float
    vary_gain: float
    light_slope: float
    """How much brighter one side is than the middle."""
    light_rad: float
    vary_light: float
    vignette: float
    """How much darker the corners are."""
    blur_px: float
    noise: float
    """Standard deviation of the sensor's noise in mid grey, in grey levels."""

    @classmethod
    def draw(cls, rng: np.random.Generator, size_px: int, largest_tilt_deg: float) -> 'View':
        """Return the camera of a new line."""
        return cls(
            quarter_turns=int(rng.integers(4)),
            tilt_deg=float(rng.uniform(-largest_tilt_deg, largest_tilt_deg)),
            vary_tilt_deg=float(rng.uniform(0.1, 1.2)),
            grey=bool(rng.random() < 0.35),
            gain=float(rng.uniform(0.9, 1.08)),
            vary_gain=float(rng.uniform(0.005, 0.035)),
            light_slope=float(rng.uniform(0, 0.12)),
            light_rad=float(rng.uniform(0, 2 * math.pi)),
            vary_light=float(rng.uniform(0.005, 0.025)),
            vignette=float(rng.uniform(0, 0.12)),
            blur_px=float(rng.uniform(0.35, 0.8)) * max(size_px / 256, 0.7),
            noise=float(rng.uniform(0.6, 2.5)))

    def angle(self, rng: np.random.Generator) -> float:
        """Return how the piece lies in one picture, in degrees."""
        return self.tilt_deg + float(rng.normal(0, self.vary_tilt_deg))

    def take(self, canvas: np.ndarray, angle_deg: float, rng: np.random.Generator,
             size_px: int) -> np.ndarray:
        """
        Return the picture uint8 [size, size, 3] of the middle of a canvas.

        The canvas is float32 [h, w] or [h, w, 3] in 0..1 and large enough for the angle.
        """
        if self.grey and canvas.ndim == 3:
            canvas = canvas @ _LUMA
        canvas = np.rot90(canvas, self.quarter_turns)
        height, width = canvas.shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, 1.0)
        matrix[0, 2] += (size_px - width) / 2 + rng.uniform(-1, 1)
        matrix[1, 2] += (size_px - height) / 2 + rng.uniform(-1, 1)
        seen = cv2.warpAffine(np.ascontiguousarray(canvas, np.float32), matrix,
                              (size_px, size_px), flags=cv2.INTER_LINEAR,
                              borderMode=cv2.BORDER_REFLECT_101)
        if self.blur_px > 0.3:
            seen = cv2.GaussianBlur(seen, (0, 0), self.blur_px)
        light = self._light(rng, size_px)
        grain = rng.standard_normal(light.shape, dtype=np.float32) * np.float32(self.noise)
        if seen.ndim == 3:
            light, grain = light[..., None], grain[..., None]
        seen = seen * light
        # Photons: noise grows with the root of the light.
        seen = 255 * seen + grain * np.sqrt(np.clip(seen, 0.05, 1) * 2)
        seen = np.clip(seen + 0.5, 0, 255).astype(np.uint8)
        return np.repeat(seen[..., None], 3, -1) if seen.ndim == 2 else seen

    def _light(self, rng: np.random.Generator, size_px: int) -> np.ndarray:
        y, x = (axis / size_px * 2 - 1 for axis in axes((size_px, size_px)))
        gain = self.gain * (1 + rng.normal(0, self.vary_gain))
        slope = self.light_slope + rng.normal(0, self.vary_light)
        turn = self.light_rad + rng.normal(0, 0.1)
        return np.float32(gain) * (
            1 + np.float32(slope * math.cos(turn)) * x + np.float32(slope * math.sin(turn)) * y
            - np.float32(self.vignette / 2) * (x * x + y * y))


def canvas_side(size_px: int, angle_deg: float) -> int:
    """Return the side of a square that still covers a picture which is turned in it [px]."""
    turn = math.radians(abs(angle_deg))
    return math.ceil(size_px * (abs(math.cos(turn)) + abs(math.sin(turn)))) + 4
