"""Long thin defects: scratch, crack, thread, abrasion."""

import math

import cv2
import numpy as np

from adapt_learning.surfaces.colours import over
from adapt_learning.surfaces.defects.base import Defect, Scene
from adapt_learning.surfaces.defects.shapes import blob, path, place, shifted, stroke
from adapt_learning.surfaces.fields import noise


def extent(rng: np.random.Generator, scene: Scene, strength: float, low: float,
           high: float) -> float:
    """Return a length [px], from `low` to `high` of the picture's side, longer when stronger."""
    reach = min(strength, 1) * rng.uniform(0.6, 1.0)
    return (low + (high - low) * reach) * min(scene.shape)


class Scratch(Defect):
    """A scratch: nearly straight, one flank bright and one dark, thin at its ends."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the scratched picture and where it was painted."""
        length = extent(rng, scene, strength, 0.16, 0.8)
        heading = rng.uniform(0, 2 * math.pi)
        points = path(rng, place(rng, scene.shape, 0.2), heading, length, rng.normal(0, 0.25))
        pressed = np.sin(np.pi * np.linspace(0.04, 0.96, len(points))) ** 0.5
        skips = 1 + 0.25 * rng.standard_normal(len(points))
        wide = (1.0 + 1.6 * strength * rng.random()) * max(scene.unit, 0.8)
        line = stroke(scene.shape, points, wide * pressed * np.clip(skips, 0.4, 1.3))
        off = 0.9 * wide
        flank = shifted(line, off * math.cos(heading), -off * math.sin(heading))
        flank = np.clip(flank - line, 0, 1)
        middle = points[len(points) // 2]
        contrast = scene.contrast(rng, strength)
        tone = scene.tone(rng, *middle, contrast, 0.03)
        ground = float(scene.picture.mean())
        side = -1 if tone.mean() > ground else 1
        after = over(scene.picture, tone, line)
        after = after + (side * 0.45 * contrast * flank)[..., None]
        return after, np.maximum(line, flank)


class Crack(Defect):
    """A crack: jagged, dark, wide in the middle, with branches."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the cracked picture and where it was painted."""
        length = extent(rng, scene, strength, 0.16, 0.8)
        heading = rng.uniform(0, 2 * math.pi)
        wide = (1.1 + 1.8 * strength * rng.random()) * max(scene.unit, 0.8)
        points = path(rng, place(rng, scene.shape, 0.2), heading, length, rng.normal(0, 0.5), 0.6)
        layer = self._part(rng, scene, points, wide)
        for _ in range(rng.poisson(1.0 + 1.5 * strength)):
            at = points[rng.integers(len(points) // 5, len(points))]
            turn = heading + rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
            long = length * rng.uniform(0.12, 0.4)
            branch = path(rng, at, turn, long, 0.2, 0.6)
            layer = np.maximum(layer, self._part(
                rng, scene, branch - branch[0] + at, 0.7 * wide, ends=False))
        # The edges of a crack throw light back, the crack itself does not.
        rim = np.clip(cv2.GaussianBlur(layer, (0, 0), 1.2 * max(scene.unit, 0.8)) - layer, 0, 1)
        dark = np.clip(1 - scene.contrast(rng, strength) / 110, 0.08, 0.8)
        after = over(scene.picture, scene.picture * np.float32(dark), layer)
        # On ground that is dark already a crack shows by its edges and the stuff inside.
        if scene.picture.mean() < 75:
            after = over(scene.picture, scene.tone(
                rng, *points[len(points) // 2], scene.contrast(rng, strength), 0.05), layer)
        after = after + (25 * strength * rim)[..., None]
        return after, np.maximum(layer, rim > 0.15)

    def _part(self, rng: np.random.Generator, scene: Scene, points: np.ndarray, wide: float,
              ends: bool = True) -> np.ndarray:
        t = np.linspace(0.05 if ends else 0.5, 1.0, len(points))
        widths = wide * np.sin(np.pi * t) ** 0.6 * (1 + 0.3 * rng.standard_normal(len(points)))
        return stroke(scene.shape, points, np.clip(widths, 0.5, None))


class Thread(Defect):
    """A thread or hair that lies on the surface, or a fray of a few; round, with a shadow."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the picture with the thread and where it was painted."""
        wide = (1.2 + 1.8 * strength * rng.random()) * max(scene.unit, 0.8)
        start, heading = place(rng, scene.shape, 0.2), rng.uniform(0, 2 * math.pi)
        fray = rng.random() < 0.35
        layer = np.zeros(scene.shape, np.float32)
        for _ in range(int(rng.integers(3, 7)) if fray else 1):
            length = extent(rng, scene, strength, 0.15, 0.35 if fray else 0.9)
            points = path(rng, start, heading + fray * rng.normal(0, 0.45), length,
                          rng.normal(0, 0.8 if fray else 2.0), wave=0.3 if fray else 0.9)
            points = points - points[0] + start if fray else points
            layer = np.maximum(layer, stroke(scene.shape, points,
                                             wide * (0.7 if fray else 1)))
        fall = rng.uniform(0, 2 * math.pi)
        off = 1.3 * wide
        shadow = cv2.GaussianBlur(
            shifted(layer, off * math.sin(fall), off * math.cos(fall)), (0, 0), 0.6 * wide)
        tone = scene.tone(rng, *start, scene.contrast(rng, strength), 0.35)
        twist = 1 + 0.12 * noise(rng, scene.shape, 2.0)
        after = scene.picture * (1 - 0.4 * shadow)[..., None]
        return over(after, tone * twist[..., None], layer), np.maximum(layer, shadow)


class Abrasion(Defect):
    """A rubbed place: many short fine scratches side by side, the ground a little paler."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the rubbed picture and where it was painted."""
        reach = extent(rng, scene, strength, 0.06, 0.24)
        centre, heading = place(rng, scene.shape, 0.2), rng.uniform(0, math.pi)
        squeeze = rng.uniform(0.35, 0.8)
        area = blob(rng, scene.shape, centre, reach, 0.2, 0.6 * reach, squeeze, heading)
        layer = np.zeros(scene.shape, np.float32)
        along = np.array([math.sin(heading), math.cos(heading)])
        across = along[::-1] * [1, -1]
        for _ in range(int(10 + 25 * strength)):
            at = centre + reach * (0.5 * rng.standard_normal() * along
                                   + 0.6 * squeeze * rng.standard_normal() * across)
            points = path(rng, at, heading + rng.normal(0, 0.06), reach * rng.uniform(0.3, 1.2),
                          rng.normal(0, 0.1), step_px=6)
            layer = np.maximum(layer, rng.uniform(0.4, 1) * stroke(
                scene.shape, points, 1.3 * max(scene.unit, 0.8)))
        tone = scene.tone(rng, *centre, scene.contrast(rng, strength), 0.05)
        layer = layer * np.clip(area * 1.5, 0, 1)
        share = np.clip(0.8 * layer + 0.22 * area, 0, 1)
        return over(scene.picture, tone, share), np.maximum(layer, area > 0.3)
