"""Wood."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import axes, noise, step


class Wood(Family):
    """Planed boards: growth rings cut along the trunk, fibres, pores; rays in some."""

    largest_tilt_deg = 5.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new kind of wood."""
        light = colours.draw(rng, (0.05, 0.11), (0.2, 0.6), (0.5, 0.92))
        return {
            'ring': rng.uniform(7, 26) * unit, 'bow': rng.uniform(0.0, 1.0),
            'wander': rng.uniform(0.4, 1.6), 'late': rng.uniform(1.5, 5),
            'light': light, 'dark': light * rng.uniform(0.45, 0.85) * np.array(
                [1, rng.uniform(0.86, 0.97), rng.uniform(0.75, 0.95)], np.float32),
            'contrast': rng.uniform(0.35, 0.95), 'fibre': rng.uniform(0.03, 0.1),
            'pores': rng.uniform(0, 0.35), 'pore_length': rng.uniform(8, 22) * unit,
            'mottle': rng.uniform(0.02, 0.07), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of a board; the fibres run along y."""
        y, x = axes(shape)
        ring, unit = look['ring'], look['unit']
        # A cut beside the axis of the trunk: rings become long arches.
        middle, tip = (rng.uniform(-0.3, 1.3) * shape[0] for _ in range(2))
        bow = look['bow'] * np.hypot(x - middle, 0.12 * (y - tip)) + (1 - look['bow']) * x
        drift = noise(rng, shape, 220 * unit, 45 * unit) + 0.25 * noise(
            rng, shape, 70 * unit, 14 * unit)
        at = (bow + look['wander'] * ring * drift) / ring + rng.uniform(0, 1)
        number = np.floor(at)
        part = at - number
        year = (number - number.min()).astype(np.int32)
        # Early wood is pale and darkens towards late wood; then the next year begins at once.
        late = part ** look['late'] * step(part, 1.0, 0.9)
        years = rng.uniform(0.6, 1.0, year.max() + 1).astype(np.float32)
        fibre = noise(rng, shape, 40 * unit, 1.2) + 0.7 * noise(rng, shape, 90 * unit, 3 * unit)
        share = look['contrast'] * late * years[year]
        light = 1 + look['fibre'] * fibre + look['mottle'] * noise(rng, shape, 60 * unit)
        if look['pores'] > 0.05:
            pore = step(noise(rng, shape, look['pore_length'], 1.3), 1.7, 2.3)
            early = np.where(part < 0.5, np.float32(1), np.float32(0.5))
            light = light * (1 - look['pores'] * pore * early)
        return colours.lit(colours.mix(look['light'], look['dark'], share), light)
