"""Leather and leather-like covers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import blurred, cells, fractal, moved, noise, slope, step


class Leather(Family):
    """Leather, artificial leather, vinyl: plump cells between creases, pores, soft folds."""

    largest_tilt_deg = 30.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new hide."""
        brown = rng.random() < 0.6
        return {
            'cell': rng.uniform(6, 14) * unit, 'stretch': rng.uniform(0.75, 1.35),
            'colour': (colours.draw(rng, (0.02, 0.1), (0.3, 0.75), (0.2, 0.75)) if brown
                       else colours.draw(rng, (0, 1), (0, 0.6), (0.15, 0.85))),
            'bend': rng.uniform(0.08, 0.22), 'relief': rng.uniform(0.12, 0.35),
            'crease': rng.uniform(0.12, 0.4), 'crease_wide': rng.uniform(0.12, 0.25),
            'light': rng.uniform(0, 2 * np.pi), 'gloss': rng.uniform(0, 0.25),
            'pores': rng.uniform(0, 0.3), 'cloud': rng.uniform(0.02, 0.07), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the hide."""
        cell, unit = look['cell'], look['unit']
        part = cells(rng, shape, cell, 0.85, look['stretch'])
        bend = look['bend'] * cell
        dy, dx = bend * noise(rng, shape, 0.8 * cell), bend * noise(rng, shape, 0.8 * cell)
        # Some creases are deep, others nearly closed.
        open_ = 0.8 + 0.3 * noise(rng, shape, 1.2 * cell)
        border = moved(part.border, dy, dx) / cell
        plump = step(border, 0.0, 0.45)
        crease = step(border, look['crease_wide'], 0.02) * np.clip(open_, 0.1, 1.3)
        height = (plump + 0.12 * fractal(rng, shape, cell / 2, 2)) * 0.3 * cell
        tilt = slope(height, look['light'])
        light = 1 + look['relief'] * tilt - look['crease'] * crease
        light = light + look['cloud'] * fractal(rng, shape, 80 * unit, 3)
        light = light - look['pores'] * step(blurred(rng, shape, 0.9 * unit), 2.3, 3.2)
        return colours.over(colours.lit(look['colour'], light), np.ones(3, np.float32),
                            look['gloss'] * step(tilt, 0.25, 0.8))
