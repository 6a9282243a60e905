"""Knitted fabric."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import axes, blurred, hairs, noise, slope


class Knit(Family):
    """Jersey or a pullover: columns of V-shaped stitches of one yarn."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new fabric."""
        wide = rng.uniform(11, 26) * unit
        return {
            'wide': wide, 'tall': wide * rng.uniform(0.6, 0.95), 'lean': rng.uniform(0.7, 1.3),
            'yarn': colours.draw(rng, (0, 1), (0.05, 0.65), (0.35, 0.9)),
            'second': colours.draw(rng, (0, 1), (0.05, 0.65), (0.35, 0.9)),
            'stripes': int(rng.choice([0, 0, 0, 2, 4])), 'wobble': rng.uniform(0.04, 0.12),
            'dark': rng.uniform(0.15, 0.4), 'fuzz': rng.uniform(0.05, 0.25),
            'ply': rng.uniform(0.04, 0.14), 'plies': rng.uniform(2.5, 4.5),
            'light': rng.uniform(0, 2 * np.pi), 'relief': rng.uniform(0.2, 0.7)}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the fabric."""
        wide, tall = look['wide'], look['tall']
        y, x = axes(shape)
        u = (x + look['wobble'] * wide * noise(rng, shape, 3 * wide)) / wide + rng.uniform(0, 1)
        v = (y + look['wobble'] * tall * noise(rng, shape, 3 * wide)) / tall + rng.uniform(0, 1)
        leg = 2 * np.abs(u - np.floor(u) - 0.5)  # 0 in the middle of a column, 1 at its border
        # Each leg runs upwards and outwards; below, the next stitch comes out between the legs.
        rise = v + look['lean'] * leg
        part = rise - np.floor(rise)
        across = 2 * np.abs(leg - 0.5)
        yarn = np.sqrt(np.clip(1 - (2 * part - 1) ** 2, 0, 1))
        height = yarn * np.sqrt(np.clip(1 - 0.85 * across ** 2, 0, 1))
        light = look['dark'] + (1 - look['dark']) * height
        light = light + look['relief'] * slope(height * wide / 12, look['light'])
        light = light * (1 + look['ply'] * np.sin(
            2 * np.pi * (look['plies'] * part + 1.5 * leg)))
        light = light * (1 + 0.05 * noise(rng, shape, 2 * wide) + 0.05 * blurred(rng, shape, 0.7))
        colour = look['yarn']
        if look['stripes']:
            row = np.floor(rise).astype(np.int32) // look['stripes'] % 2
            colour = colours.mix(look['yarn'], look['second'], row.astype(np.float32))
        picture = colours.lit(colour, light)
        count = int(look['fuzz'] * shape[0] * shape[1] / 250)
        fuzz = hairs(rng, shape, count, 1.2 * wide, curl=1.2)
        return colours.over(picture, look['yarn'] * np.float32(1.15), 0.3 * fuzz)
