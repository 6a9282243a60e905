"""Ceramic tiles."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import axes, blurred, fractal, noise, slope, step


class Tiles(Family):
    """Glazed tiles or bricks in grout: rounded edges, a shade of its own for each tile."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new wall."""
        side = rng.uniform(34, 90) * unit
        return {
            'tall': side, 'wide': side * rng.choice([1.0, 1.0, 2.0]),
            'offset': rng.choice([0.0, 0.0, 0.5]), 'grout_px': rng.uniform(1.2, 3.0) * unit,
            'glaze': colours.draw(rng, (0, 1), (0, 0.5), (0.3, 0.95)),
            'grout': colours.draw(rng, (0.05, 0.15), (0, 0.12), (0.25, 0.85)),
            'shades': rng.uniform(0.01, 0.08), 'tints': rng.uniform(0, 0.03),
            'mottle': rng.uniform(0.01, 0.09), 'mottle_px': rng.uniform(8, 30) * unit,
            'bevel': rng.uniform(1.5, 4) * unit, 'relief': rng.uniform(0.1, 0.5),
            'light': rng.uniform(0, 2 * np.pi), 'corner': rng.uniform(1, 5) * unit,
            'crooked': rng.uniform(0.0, 0.012), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the wall."""
        tall, wide, unit = look['tall'], look['wide'], look['unit']
        y, x = axes(shape)
        v = y / tall + rng.uniform(0, 1)
        row = np.floor(v)
        u = x / wide + rng.uniform(0, 1) + look['offset'] * (row % 2)
        column = np.floor(u)
        tile = (row * (column.max() + 1) + column).astype(np.int32)
        count = int(tile.max()) + 1
        lay = (look['crooked'] * tall * rng.standard_normal((2, count))).astype(np.float32)
        a = np.abs((u - column - 0.5) * wide + lay[0][tile])
        b = np.abs((v - row - 0.5) * tall + lay[1][tile])
        # Distance to the edge of a rectangle with rounded corners, positive inside.
        gap, corner = look['grout_px'] / 2 + 0.3, look['corner']
        over_a = a - (wide / 2 - gap - corner)
        over_b = b - (tall / 2 - gap - corner)
        inside = corner - np.hypot(np.maximum(over_a, 0), np.maximum(over_b, 0)) - np.minimum(
            np.maximum(over_a, over_b), 0)
        inside = inside + 0.25 * unit * noise(rng, shape, 5 * unit)
        shade = 1 + look['shades'] * rng.standard_normal((count, 1)) + (
            look['tints'] * rng.standard_normal((count, 3)))
        light = 1 + look['mottle'] * fractal(rng, shape, look['mottle_px'], 4, 0.6)
        height = look['bevel'] * step(inside, 0, look['bevel'])
        light = light + look['relief'] * slope(height, look['light'])
        glaze = colours.lit(look['glaze'] * shade.astype(np.float32)[tile], light)
        grout = colours.lit(look['grout'], 0.95 + 0.07 * blurred(rng, shape, 0.8 * unit)
                            + 0.05 * noise(rng, shape, 15 * unit))
        return colours.over(grout, glaze, step(inside, -0.6, 0.8))
