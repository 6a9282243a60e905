"""Regions: missing pattern, a misplaced piece, smear, colour shift."""

import math

import cv2
import numpy as np

from adapt_learning.surfaces.colours import over
from adapt_learning.surfaces.defects.base import Defect, Scene
from adapt_learning.surfaces.defects.lines import extent
from adapt_learning.surfaces.defects.shapes import depth, place
from adapt_learning.surfaces.defects.spots import spot
from adapt_learning.surfaces.fields import axes, noise, step


class MissingPattern(Defect):
    """A place without its pattern, coat or print: the bare ground, hardly any texture."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the picture with a bare place and where it was painted."""
        radius = extent(rng, scene, strength, 0.04, 0.15)
        share = spot(rng, scene, radius, rng.uniform(1.5, 5) * scene.unit)
        flat = cv2.GaussianBlur(scene.picture, (0, 0), 0.5 * radius + 6 * scene.unit)
        # What lies below a pattern is seldom of the mean colour; the more so where there is none.
        off = rng.choice([-1, 1]) * (6 + 16 * strength) / (1 + scene.texture / 12)
        grain = 1.5 + 0.06 * scene.texture
        bare = flat + (off + grain * noise(rng, scene.shape, 1.0))[..., None]
        keep = rng.uniform(0.0, 0.25)
        return over(scene.picture, keep * scene.picture + (1 - keep) * bare, share), share


class Misplaced(Defect):
    """A piece of the surface in the wrong place or direction, with a seam."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the picture with a foreign piece of itself and where it was painted."""
        side = extent(rng, scene, strength, 0.1, 0.32)
        centre = place(rng, scene.shape, 0.25)
        angle = rng.uniform(20, 340)
        height, width = scene.shape
        matrix = cv2.getRotationMatrix2D((float(centre[1]), float(centre[0])), angle,
                                         rng.uniform(0.85, 1.2))
        matrix[:, 2] += rng.uniform(-0.25, 0.25, 2) * (width, height)
        piece = cv2.warpAffine(scene.picture, matrix, (width, height),
                               borderMode=cv2.BORDER_REFLECT_101)
        turn, long = math.radians(rng.uniform(0, 180)), rng.uniform(0.5, 1)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        dy, dx = y - np.float32(centre[0]), x - np.float32(centre[1])
        a = np.abs(math.cos(turn) * dx + math.sin(turn) * dy) - side / 2
        b = np.abs(math.cos(turn) * dy - math.sin(turn) * dx) - side * long / 2
        inside = -np.maximum(a, b) + 0.02 * side * noise(rng, scene.shape, side / 4)
        share = np.clip(0.5 + inside / 1.5, 0, 1)
        # On a texture without order only a seam and another shade tell that it is misplaced.
        off = rng.choice([-1, 1]) * (5 + 12 * strength + 0.35 * scene.texture)
        seam = np.exp(-(inside / (1.2 * max(scene.unit, 0.8))) ** 2) * (0.12 + 0.2 * strength)
        after = over(scene.picture, piece + np.float32(off), share)
        return after * (1 - seam)[..., None], np.maximum(share, seam)


class Smear(Defect):
    """Wet paint, ink or glue that was drawn along: streaks that fade, the pattern is wiped."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the smeared picture and where it was painted."""
        length = extent(rng, scene, strength, 0.08, 0.3)
        turn = rng.uniform(0, 180)
        centre = place(rng, scene.shape, 0.2)
        inside = depth(rng, scene.shape, centre, length, 0.15, rng.uniform(0.2, 0.45),
                       math.radians(turn))
        y, x = axes(scene.shape)
        along = (math.cos(math.radians(turn)) * (x - np.float32(centre[1]))
                 + math.sin(math.radians(turn)) * (y - np.float32(centre[0]))) / length
        # It begins with an edge and fades along the wipe.
        share = np.clip(0.5 + inside / (0.12 * length + 1), 0, 1) * step(-along, -1.0, 0.3)
        # Streaks: noise that is drawn out along the direction of the wipe.
        side = max(scene.shape) * 2
        lines = noise(rng, (side, side), 2.2 * scene.unit, 1.6 * length)
        matrix = cv2.getRotationMatrix2D((side / 2, side / 2), -turn, 1.0)
        matrix[:, 2] += (scene.shape[1] - side) / 2, (scene.shape[0] - side) / 2
        lines = cv2.warpAffine(lines, matrix, scene.shape[::-1])
        kernel = _line(max(int(0.35 * length), 5), turn)
        wiped = cv2.filter2D(scene.picture, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        tone = scene.tone(rng, *centre, scene.contrast(rng, strength), 0.4)
        ink = np.clip(0.55 + 0.4 * lines, 0, 1) * rng.uniform(0.55, 0.9)
        return over(scene.picture, over(wiped, tone, ink), share), share


class ColourShift(Defect):
    """A place of another shade: dye, heat, moisture; the texture is untouched, edges are soft."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the picture with another shade and where it was painted."""
        radius = extent(rng, scene, strength, 0.07, 0.24)
        share = spot(rng, scene, radius, radius * rng.uniform(0.2, 0.7))
        share = step(share, 0.0, 1.0)
        shift = 0.75 * scene.contrast(rng, 0.5 * strength) + 0.25 * scene.texture
        level = float(scene.picture.mean())
        sign = 1.0 if rng.random() > level / 255 else -1.0
        if scene.grey or rng.random() < 0.3:
            direction = np.full(3, sign)
        else:
            direction = sign + rng.normal(0, 0.8, 3)
            direction = direction / np.abs(direction).max()
        # Where it is dark a colour shows less than where it is bright.
        weight = 0.4 + 0.6 * scene.picture.mean(-1, keepdims=True) / max(level, 20)
        shifted = scene.picture + (shift * direction).astype(np.float32) * np.clip(weight, 0, 1.5)
        return over(scene.picture, shifted, share), share


def _line(length: int, angle_deg: float) -> np.ndarray:
    """Return a kernel that blurs along a line."""
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    dy, dx = (middle * part for part in (math.sin(math.radians(angle_deg)),
                                         math.cos(math.radians(angle_deg))))
    ends = [(round((middle - dx) * 16), round((middle - dy) * 16)),
            (round((middle + dx) * 16), round((middle + dy) * 16))]
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_8, 4)
    return kernel / kernel.sum()
