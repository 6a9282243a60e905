"""Stone: granite, terrazzo, marble, concrete."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import blurred, cells, fractal, moved, noise, step


class Granite(Family):
    """Polished granite: grains of three or four minerals in two sizes."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new stone."""
        feldspar = colours.draw(rng, (0.0, 0.12), (0.02, 0.35), (0.55, 0.85))
        return {
            'grain': rng.uniform(4, 11) * unit,
            'minerals': np.stack([
                feldspar, colours.near(rng, feldspar, 0.12),
                colours.draw(rng, (0.05, 0.7), (0, 0.06), (0.5, 0.8)),
                colours.draw(rng, (0, 1), (0, 0.15), (0.06, 0.25))]),
            'shares': rng.dirichlet([5, 3, 3, 2]), 'rough': rng.uniform(0.3, 0.6),
            'inside': rng.uniform(0.03, 0.1), 'edge': rng.uniform(0, 0.15)}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the stone."""
        grain = look['grain']
        bend = look['rough'] * grain
        dy, dx = bend * noise(rng, shape, grain / 1.5), bend * noise(rng, shape, grain / 1.5)
        large = cells(rng, shape, grain * 1.7)
        small = cells(rng, shape, grain * 0.75)
        kinds = rng.choice(4, large.count, p=look['shares'])
        fine = rng.choice(4, small.count, p=look['shares'])
        # Where the coarse grain is of no kind (a third of them) the fine ones fill the room.
        open_ = rng.random(large.count) < 0.35
        kind = np.where(large.paint(open_), small.paint(fine), large.paint(kinds))
        own = np.where(large.paint(open_),
                       small.paint(rng.normal(1, 0.07, small.count).astype(np.float32)),
                       large.paint(rng.normal(1, 0.07, large.count).astype(np.float32)))
        own = own * (1 - look['edge'] * step(large.border, 1.5, 0.0))
        picture = moved(colours.lit(look['minerals'][kind], own), dy, dx)
        return colours.lit(picture, 1 + look['inside'] * fractal(rng, shape, grain / 2, 2))


class Terrazzo(Family):
    """Chips of stone in a ground binder."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new floor."""
        # Quarries mix chips of a few stones that go together.
        hue, width = rng.uniform(0, 1), rng.uniform(0.03, 0.15)
        chips = [colours.draw(rng, (hue - width, hue + width), (0.02, 0.3), value)
                 for value in ((0.75, 0.95), (0.55, 0.8), (0.4, 0.65), (0.15, 0.4))]
        return {
            'chip': rng.uniform(10, 26) * unit, 'gap': rng.uniform(0.07, 0.18),
            'fill': rng.uniform(0.5, 0.9), 'chips': np.stack(chips),
            'binder': colours.draw(rng, (hue - 0.1, hue + 0.1), (0, 0.12), (0.5, 0.9)),
            'sand': rng.uniform(0.02, 0.09), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the floor."""
        unit = look['unit']
        picture = colours.lit(look['binder'], 1 + look['sand'] * blurred(rng, shape, 0.8 * unit)
                              + 0.03 * noise(rng, shape, 50 * unit))
        for size, fill in ((0.4, 0.35), (1.0, look['fill'])):
            pitch = look['chip'] * size
            part = cells(rng, shape, pitch)
            # Every chip is smaller than its cell by another margin, some are missing.
            margin = (look['gap'] * pitch * rng.uniform(0.5, 2.6, part.count)).astype(np.float32)
            margin[rng.random(part.count) > fill] = 1e4
            inside = part.border - part.paint(margin)
            inside = inside + 0.09 * pitch * noise(rng, shape, max(pitch / 4, 2))
            colour = look['chips'][rng.integers(len(look['chips']), size=part.count)]
            colour = colour * rng.normal(1, 0.08, (part.count, 1)).astype(np.float32)
            chip = colours.lit(part.paint(colour), 1 + 0.05 * fractal(rng, shape, pitch / 2, 2))
            picture = colours.over(picture, chip, step(inside, -0.6, 0.6))
        return picture


class Marble(Family):
    """Polished marble: clouds, wide soft veins and thin sharp ones along one direction."""

    largest_tilt_deg = 30.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new stone."""
        pale = rng.random() < 0.65
        ground = (colours.draw(rng, (0.05, 0.15), (0, 0.14), (0.78, 0.95)) if pale
                  else colours.draw(rng, (0, 1), (0.05, 0.45), (0.12, 0.4)))
        vein = (colours.draw(rng, (0.0, 0.7), (0.02, 0.25), (0.3, 0.6)) if pale
                else colours.draw(rng, (0.08, 0.15), (0, 0.3), (0.6, 0.95)))
        return {
            'cell': rng.uniform(45, 110) * unit, 'stretch': rng.uniform(1.2, 3),
            'ground': ground, 'vein': vein, 'soft': rng.uniform(0.15, 0.5),
            'wide': rng.uniform(0.06, 0.22),
            'sharp': rng.uniform(0.3, 0.8), 'thin': rng.uniform(0.03, 0.06),
            'cloud': rng.uniform(0.08, 0.3), 'twist': rng.uniform(0.1, 0.35), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the stone."""
        cell, stretch = look['cell'], look['stretch']
        wide = fractal(rng, shape, cell, 5, 0.5, stretch)
        fine = fractal(rng, shape, cell * 0.8, 5, 0.45, stretch)
        turn = look['twist'] * cell * fractal(rng, shape, cell / 2, 3)
        fine = moved(fine, turn, -turn)
        veins = look['soft'] * np.exp(-np.abs(wide) / look['wide'])
        # A vein is strong in some places and gone in others.
        strong = step(noise(rng, shape, cell, cell * stretch), -0.8, 1.0)
        veins = veins + look['sharp'] * strong * np.exp(-np.abs(fine) / look['thin'])
        clouds = look['cloud'] * step(fractal(rng, shape, cell * 1.3, 3, 0.5, stretch), -1.0, 2.2)
        share = np.clip(veins + clouds, 0, 1)
        return colours.lit(colours.mix(look['ground'], look['vein'], share),
                           1 + 0.012 * blurred(rng, shape, 0.8 * look['unit']))


class Concrete(Family):
    """Cast or ground concrete: stains of drying, sand, and small holes left by air."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new wall."""
        return {
            'colour': colours.draw(rng, (0.05, 0.16), (0.0, 0.14), (0.45, 0.8)),
            'cloud': rng.uniform(0.03, 0.1), 'cell': rng.uniform(40, 100) * unit,
            'sand': rng.uniform(0.02, 0.09), 'grain': rng.uniform(0.6, 1.4) * unit,
            'holes': rng.uniform(0.1, 0.8), 'hole': rng.uniform(2, 4.5) * unit,
            'speck': rng.uniform(0, 0.2), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the wall."""
        unit = look['unit']
        light = 1 + look['cloud'] * fractal(rng, shape, look['cell'], 6, 0.6)
        light = light + look['sand'] * blurred(rng, shape, look['grain'])
        light = light - look['speck'] * step(blurred(rng, shape, 0.8 * unit), 2.4, 3.2)
        part = cells(rng, shape, look['hole'] * 5)
        size = (look['hole'] * rng.uniform(0.2, 1, part.count) ** 2).astype(np.float32)
        size[rng.random(part.count) > look['holes']] = -10
        depth = part.paint(size) - part.centre
        light = light * (1 - 0.55 * step(depth, -0.6, 1.2)) + 0.1 * (
            step(depth, -2.0, -1.0) - step(depth, -1.0, 0.0))
        return colours.lit(look['colour'], light)
