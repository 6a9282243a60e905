"""Metal that a tool went over: brushed, ground or honed, milled or turned."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import axes, blurred, fractal, moved, noise, step


def metal(rng: np.random.Generator) -> np.ndarray:
    """Return the colour of steel, aluminium, and sometimes of brass or copper."""
    if rng.random() < 0.75:
        return colours.draw(rng, (0.05, 0.65), (0, 0.09), (0.5, 0.85))
    return colours.draw(rng, (0.04, 0.13), (0.3, 0.6), (0.6, 0.85))


class BrushedMetal(Family):
    """Brushed or belt-ground sheet: scratches of many lengths in one direction, and a sheen."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new sheet."""
        return {
            'colour': metal(rng), 'length': rng.uniform(40, 200) * unit,
            'thick': rng.uniform(0.9, 2.0) * max(unit, 0.7), 'contrast': rng.uniform(0.04, 0.13),
            'bands': rng.uniform(0.01, 0.06), 'glints': rng.uniform(0.0, 0.25),
            'cross': rng.choice([0.0, 0.0, 0.5, 1.0]), 'lay': rng.uniform(0.1, 0.5),
            'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the sheet; scratches run along x."""
        length, thick, unit = look['length'], look['thick'], look['unit']
        lines = (noise(rng, shape, thick, length) + 0.7 * noise(rng, shape, 1.0, length / 3)
                 + 0.6 * noise(rng, shape, 2.5 * thick, 2 * length))
        if look['cross']:  # honed: a second lay crosses the first
            _, x = axes(shape)
            lean = np.float32(look['lay']) * (x - shape[1] / 2)
            other = noise(rng, shape, thick, length) + 0.7 * noise(rng, shape, 1.0, length / 3)
            lines = moved(lines, lean, 0) + look['cross'] * moved(other, -lean, 0)
        light = 1 + look['contrast'] * lines / 1.3
        light = light + look['bands'] * noise(rng, shape, 30 * unit, 4 * length)
        light = light + look['glints'] * step(noise(rng, shape, 1.0, length / 4), 2.3, 3.2)
        return colours.lit(look['colour'], light)


class MilledMetal(Family):
    """Face-milled or turned metal: arcs of the tool in passes, with chatter and fine scratches."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new face."""
        return {
            'colour': metal(rng), 'feed': rng.uniform(4, 12) * unit,
            'radius': rng.uniform(90, 500) * unit, 'pass': rng.uniform(60, 260) * unit,
            'contrast': rng.uniform(0.06, 0.2), 'sharp': rng.uniform(0.5, 2.0),
            'streak': rng.uniform(0.02, 0.08), 'back': rng.uniform(0, 0.8),
            'passes': rng.uniform(0.0, 0.05), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the face; the tool moves along x."""
        unit, radius = look['unit'], look['radius']
        y, x = axes(shape)
        at = (y + rng.uniform(0, 1) * look['pass']) / look['pass']
        strip = np.floor(at)
        number = strip.astype(np.int32)
        off = np.clip((at - strip - 0.5) * look['pass'], -0.99 * radius, 0.99 * radius)
        shift = rng.uniform(0, 1e3, number.max() + 1).astype(np.float32)[number]
        bow = np.sqrt(radius * radius - off * off)  # [h, 1]: the arc of the cutting edge
        jitter = 0.12 * look['feed'] * noise(rng, shape, 120 * unit, 2 * look['feed'])
        front = (x - bow + shift + jitter) / look['feed']
        wave = np.sin(2 * np.pi * front)
        wave = np.sign(wave) * np.abs(wave) ** look['sharp']
        rings = noise(rng, (1, int(3 * shape[1])), 1.0, 1.1)[0]
        where = np.mod((front * look['feed']).astype(np.int32), len(rings))
        lines = wave + 0.5 * rings[where]
        if look['back']:  # the trailing edge cuts once more, bent the other way
            back = (x + bow + shift) / look['feed'] * 1.03
            lines = lines + look['back'] * np.sin(2 * np.pi * back)
        # Each mark is stronger in some places: the edge of the tool wears.
        worn = 0.75 + 0.25 * noise(rng, shape, 25 * unit, look['feed'])
        light = 1 + look['contrast'] * lines * worn / 1.4
        light = light + look['passes'] * rng.standard_normal(number.max() + 1).astype(
            np.float32)[number]
        light = light + look['streak'] * blurred(rng, shape, 0.7)
        return colours.lit(look['colour'], light + 0.03 * fractal(rng, shape, 90 * unit, 2))
