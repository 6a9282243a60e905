"""Spots: stain, hole, contamination, dent."""

import math

import cv2
import numpy as np

from adapt_learning.surfaces.colours import over
from adapt_learning.surfaces.defects.base import Defect, Scene
from adapt_learning.surfaces.defects.lines import extent
from adapt_learning.surfaces.defects.shapes import blob, depth, place, shifted
from adapt_learning.surfaces.fields import axes, fractal, moved, noise, slope, step


class Stain(Defect):
    """A stain: what is below still shows; some have the dark rim of a drop that has dried."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the stained picture and where it was painted."""
        radius = extent(rng, scene, strength, 0.035, 0.16)
        centre = place(rng, scene.shape)
        inside = depth(rng, scene.shape, centre, radius, 0.22, rng.uniform(0.6, 1))
        for _ in range(rng.poisson(1.2)):  # splashes beside it
            near = centre + radius * rng.uniform(0.9, 2.2) * np.array(
                [math.sin(a := rng.uniform(0, 2 * math.pi)), math.cos(a)])
            inside = np.maximum(inside, depth(
                rng, scene.shape, near, radius * rng.uniform(0.12, 0.35), 0.2))
        soft = rng.uniform(1.5, 0.5 * radius + 2)
        share = np.clip(0.5 + inside / soft, 0, 1)
        rim = np.exp(-((inside - 0.1 * radius) / (0.1 * radius + 1)) ** 2) * (
            rng.random() < 0.5)
        uneven = 1 + 0.2 * fractal(rng, scene.shape, radius, 3)
        share = np.clip(share * uneven * (0.75 + 0.6 * rim), 0, 1.3)
        contrast = scene.contrast(rng, strength) / 255
        ground = max(float(scene.picture.mean()) / 255, 0.1)
        weight = min(contrast / ground, 0.7)
        if scene.grey or rng.random() < 0.3:
            tint = np.full(3, 1.0)
        else:  # oil and rust are brown, other liquids anything
            tint = 1 - rng.uniform(0, 1, 3) * np.array([0.6, 0.8, 1.0])
            tint = tint / tint.mean()
        factor = np.clip(1 - weight * (2 - tint), 0.03, 1.2).astype(np.float32)
        if ground < 0.35:  # dark ground: the stain is a pale film
            film = np.clip(scene.picture.mean((0, 1)) + 255 * contrast * tint, 0, 250)
            return over(scene.picture, film.astype(np.float32), 0.8 * np.clip(share, 0, 1)), share
        return over(scene.picture, scene.picture * factor, share), share


class Hole(Defect):
    """A hole or a few pits: dark, a shadow on one inner side, a bright rim on the other."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the picture with holes and where it was painted."""
        radius = extent(rng, scene, strength, 0.02, 0.075)
        count = 1 if rng.random() < 0.6 else int(rng.integers(2, 6))
        radius = radius if count == 1 else radius * 0.75
        centre = place(rng, scene.shape, 0.15)
        inside = np.full(scene.shape, -1e3, np.float32)
        for k in range(count):
            at = centre + (k > 0) * rng.normal(0, 3.5 * radius, 2)
            inside = np.maximum(inside, depth(
                rng, scene.shape, at, max(radius * rng.uniform(0.6, 1), 2 * scene.unit), 0.18,
                rng.uniform(0.7, 1), rng.uniform(0, math.pi)))
        pit = np.clip(0.5 + inside / (1.2 * max(scene.unit, 1)), 0, 1)
        fall = slope(step(inside, 0, 0.6 * radius + 1.5) * 3, rng.uniform(0, 2 * math.pi))
        contrast = scene.contrast(rng, strength)
        ground = scene.picture.mean((0, 1))
        floor = ground * np.clip(1 - contrast / max(float(ground.mean()), 1) * 1.2, 0.06, 1)
        if ground.mean() < 70:  # the bright ground below a dark layer
            floor = np.clip(ground + contrast, 0, 250)
        bottom = floor * (1 + 0.15 * noise(rng, scene.shape, max(radius / 2, 2)))[..., None]
        after = over(scene.picture, bottom.astype(np.float32), pit)
        rim = step(inside, -2.5 * scene.unit - 1, 0.0) * (1 - 0.6 * pit)
        after = after + (0.8 * contrast * np.clip(fall, -1, 1) * np.maximum(rim, pit))[..., None]
        return after, np.maximum(pit, rim * (np.abs(fall) > 0.05))


class Contamination(Defect):
    """Foreign matter on the surface: a lump or grains of another colour, lit, with a shadow."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the soiled picture and where it was painted."""
        radius = extent(rng, scene, strength, 0.022, 0.09)
        centre = place(rng, scene.shape, 0.15)
        light = rng.uniform(0, 2 * math.pi)
        inside = depth(rng, scene.shape, centre, radius, 0.28, rng.uniform(0.5, 1),
                       rng.uniform(0, math.pi))
        for _ in range(rng.poisson(2.0)):
            near = centre + rng.normal(0, 2.5 * radius, 2)
            inside = np.maximum(inside, depth(
                rng, scene.shape, near, max(radius * rng.uniform(0.1, 0.4), 1.5 * scene.unit),
                0.3))
        lump = np.clip(0.5 + inside / 1.3, 0, 1)
        height = np.sqrt(np.clip(inside / radius, 0, 1)) * (
            1 + 0.3 * noise(rng, scene.shape, max(radius / 2, 2)))
        tilt = slope(height * radius, light)
        off = 0.25 * radius + 1
        shadow = cv2.GaussianBlur(shifted(lump, -off * math.sin(light), -off * math.cos(light)),
                                  (0, 0), 0.12 * radius + 0.7)
        tone = scene.tone(rng, *centre, scene.contrast(rng, strength), 0.3)
        body = tone * np.clip(1 + 0.35 * tilt + 0.06 * noise(rng, scene.shape, 2), 0.3, 1.6)[
            ..., None]
        after = scene.picture * (1 - 0.4 * shadow)[..., None]
        return over(after, body.astype(np.float32), lump), np.maximum(lump, shadow)


class Dent(Defect):
    """A dent or bump: one side bright, one dark, the pattern is drawn together; no new colour."""

    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the dented picture and where it was painted."""
        radius = extent(rng, scene, strength, 0.045, 0.12)
        centre = place(rng, scene.shape, 0.18)
        squeeze, turn = rng.uniform(0.45, 1), rng.uniform(0, math.pi)
        y, x = axes(scene.shape)
        dy, dx = y - np.float32(centre[0]), x - np.float32(centre[1])
        c, s = math.cos(turn), math.sin(turn)
        far = np.sqrt(((c * dx + s * dy) / radius) ** 2 + (
            (c * dy - s * dx) / (squeeze * radius)) ** 2)
        far = far * (1 + 0.1 * noise(rng, scene.shape, radius))
        sharp = rng.uniform(1.5, 4)
        hollow = np.exp(-far ** sharp)
        tilt = slope(hollow, rng.uniform(0, 2 * math.pi))
        tilt = tilt / max(float(np.abs(tilt).max()), 1e-6)
        push = 0.35 * radius * rng.choice([-1, 1]) * hollow
        norm = np.maximum(np.hypot(dy, dx), 1)
        after = moved(scene.picture, push * dy / norm, push * dx / norm)
        contrast = scene.contrast(rng, strength) * 0.9
        # Half of the shading scales what is there, half is gloss.
        level = max(float(scene.picture.mean()), 30.0)
        shade = np.clip(contrast * tilt, -0.9 * level, None)
        after = after * (1 + 0.5 * shade / level)[..., None] + (0.5 * shade)[..., None]
        return after, np.clip(step(np.abs(tilt), 0.04, 0.3) + (hollow > 0.3), 0, 1)


def spot(rng: np.random.Generator, scene: Scene, radius: float, soft: float) -> np.ndarray:
    """Return a soft irregular region somewhere in the picture, 0..1."""
    return blob(rng, scene.shape, place(rng, scene.shape, 0.18), radius, 0.25, soft,
                rng.uniform(0.5, 1), rng.uniform(0, math.pi))
