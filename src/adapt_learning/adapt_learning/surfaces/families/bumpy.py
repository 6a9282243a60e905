"""Uneven surfaces in raking light: cast metal, hammered metal, moulded plastic, coating."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.families.machined import metal
from adapt_learning.surfaces.fields import blurred, cells, fractal, grains, noise, slope, step

_WHITE = np.ones(3, np.float32)


class CastMetal(Family):
    """Sand-cast or blasted metal: bumps of all sizes, dark pores, sparks of light."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new casting."""
        return {
            'colour': colours.draw(rng, (0.02, 0.65), (0, 0.12), (0.3, 0.6)),
            'size': rng.uniform(2.5, 8) * unit, 'relief': rng.uniform(0.1, 0.3),
            'gain': rng.uniform(0.5, 0.8), 'light': rng.uniform(0, 2 * np.pi),
            'sparks': rng.uniform(0.1, 0.5), 'pores': rng.uniform(0.1, 0.4),
            'cloud': rng.uniform(0.02, 0.08), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the casting."""
        size, unit = look['size'], look['unit']
        height = fractal(rng, shape, 3 * size, 4, look['gain']) * size
        tilt = slope(height, look['light'])
        tilt = tilt / tilt.std()
        light = 1 + look['relief'] * tilt + look['cloud'] * noise(rng, shape, 90 * unit)
        light = light - look['pores'] * step(-height / size, 1.3, 2.2)
        light = light + look['sparks'] * step(tilt + 0.4 * blurred(rng, shape, 0.7), 2.2, 3.4)
        return colours.lit(look['colour'], light)


class Hammered(Family):
    """Hammered metal: shallow dimples side by side, each with its light and dark side."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new sheet."""
        return {
            'colour': metal(rng), 'dimple': rng.uniform(14, 34) * unit,
            'relief': rng.uniform(0.3, 0.7), 'light': rng.uniform(0, 2 * np.pi),
            'gloss': rng.uniform(0.1, 0.5), 'seam': rng.uniform(0.0, 0.08),
            'rough': rng.uniform(0.005, 0.03), 'jitter': rng.uniform(0.6, 1.0), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the sheet."""
        dimple, unit = look['dimple'], look['unit']
        part = cells(rng, shape, dimple, look['jitter'])
        deep = rng.uniform(0.6, 1.2, part.count).astype(np.float32)
        height = (part.centre / dimple) ** 2 * part.paint(deep) * dimple * 0.5
        # The hammer leaves round seams, not knife edges.
        height = cv2.GaussianBlur(height, (0, 0), max(0.05 * dimple, 0.5))
        tilt = slope(height, look['light'])
        light = 0.85 + look['relief'] * tilt + look['gloss'] * step(tilt, 0.25, 0.55) ** 2
        light = light + look['seam'] * step(part.border, 0.1 * dimple, 0)
        light = light * (1 + look['rough'] * (
            blurred(rng, shape, 0.8 * unit) + 2 * noise(rng, shape, 80 * unit)))
        return colours.lit(look['colour'], light)


class MouldedPlastic(Family):
    """Plastic from an eroded mould: a fine even grain of one size."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new part."""
        return {
            'colour': colours.draw(rng, (0, 1), (0, 0.7), (0.15, 0.85)),
            'size': rng.uniform(0.9, 2.2) * max(unit, 0.6), 'flat': rng.uniform(0.3, 1.5),
            'relief': rng.uniform(0.05, 0.16), 'light': rng.uniform(0, 2 * np.pi),
            'gloss': rng.uniform(0.0, 0.25), 'valley': rng.uniform(0.02, 0.14), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the part."""
        size = look['size']
        # Islands with flat tops: eroding cuts the bumps off.
        height = np.tanh(look['flat'] * grains(rng, shape, size, 2.2 * size))
        tilt = slope(height, look['light'])
        tilt = tilt / tilt.std()
        light = 1 + look['relief'] * tilt + look['valley'] * height
        light = light + look['gloss'] * step(tilt, 1.2, 2.6)
        return colours.lit(look['colour'], light + 0.02 * noise(rng, shape, 90 * look['unit']))


class Coating(Family):
    """Powder coating or paint: glossy orange peel, with flakes of metal in some."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new coat."""
        return {
            'colour': colours.draw(rng, (0, 1), (0, 0.85), (0.2, 0.9)),
            'size': rng.uniform(1.3, 3.4) * unit, 'relief': rng.uniform(0.02, 0.07),
            'light': rng.uniform(0, 2 * np.pi), 'gloss': rng.uniform(0.0, 0.12),
            'flakes': rng.choice([0.0, 0.0, 0.15, 0.3]), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the coat."""
        size, unit = look['size'], look['unit']
        tilt = slope(grains(rng, shape, size, 2.5 * size), look['light'])
        tilt = tilt / tilt.std()
        light = 1 + look['relief'] * tilt + 0.02 * noise(rng, shape, 90 * unit)
        if look['flakes']:
            light = light + look['flakes'] * step(blurred(rng, shape, 0.6), 1.6, 3.2)
        # Gloss is white, whatever the colour of the paint.
        return colours.over(colours.lit(look['colour'], light), _WHITE,
                            look['gloss'] * step(tilt, 1.0, 3.0))
