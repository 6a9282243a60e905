"""Crumpled foil."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import blurred, cells, fractal, moved, noise, slope, step


class Foil(Family):
    """Foil or film that was crumpled and laid flat: small facets, sharp folds, glare."""

    largest_tilt_deg = 45.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new foil."""
        return {
            'colour': (
                colours.draw(rng, (0.5, 0.65), (0, 0.08), (0.5, 0.75)) if rng.random() < 0.6
                else colours.draw(rng, (0, 1), (0.2, 0.7), (0.4, 0.8))),
            'facet': rng.uniform(14, 40) * unit, 'contrast': rng.uniform(0.07, 0.2),
            'fold': rng.uniform(0.15, 0.5), 'glare': rng.uniform(0.1, 0.5),
            'light': rng.uniform(0, 2 * np.pi), 'rolled': rng.uniform(0, 0.04), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the foil."""
        facet, unit = look['facet'], look['unit']
        height = np.zeros(shape, np.float32)
        folds = np.zeros(shape, np.float32)
        for size, weight in ((1.0, 1.0), (0.5, 0.55), (0.26, 0.25)):
            pitch = facet * size
            part = cells(rng, shape, pitch, 1.0, rng.uniform(0.7, 1.4))
            # The distance to the border is a roof over every cell: its faces are plane facets.
            roof = part.border * part.paint(rng.uniform(-1, 1, part.count).astype(np.float32))
            bend = 0.18 * pitch
            roof = moved(roof, bend * noise(rng, shape, pitch), bend * noise(rng, shape, pitch))
            height += weight * roof
            edge = step(part.border, 1.6 * unit, 0.0) * part.paint(
                rng.uniform(-1, 1, part.count).astype(np.float32))
            folds += weight * edge
        tilt = slope(height, look['light'])
        tilt = tilt / max(float(tilt.std()), 1e-3)
        light = 1 + look['contrast'] * tilt + look['fold'] * folds * 0.4
        light = light + look['glare'] * step(tilt + 0.3 * fractal(rng, shape, facet, 2), 1.3, 2.8)
        light = light + look['rolled'] * noise(rng, shape, 1.2, 120 * unit)
        return colours.lit(look['colour'], light * (1 + 0.02 * blurred(rng, shape, 0.7)))
