"""Regular sheets: grooved, perforated, tread plate."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.families.machined import metal
from adapt_learning.surfaces.fields import axes, blurred, fractal, noise, slope, step


class Grooved(Family):
    """Corrugated, ribbed or grooved material: rubber mats, decking, heat sinks, corrugated iron."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new sheet."""
        return {
            'pitch': rng.uniform(8, 40) * unit, 'square': rng.uniform(0, 1),
            'colour': (colours.draw(rng, (0, 1), (0, 0.6), (0.2, 0.8)) if rng.random() < 0.6
                       else metal(rng)),
            'relief': rng.uniform(0.2, 0.7), 'dark': rng.uniform(0.1, 0.5),
            'light': rng.uniform(-0.6, 0.6) + rng.choice([0, np.pi]),
            'rough': rng.uniform(0.01, 0.06), 'streak': rng.uniform(0, 0.05),
            'wobble': rng.uniform(0.0, 0.03), 'double': rng.random() < 0.3, 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the sheet; grooves run along y."""
        pitch, unit = look['pitch'], look['unit']
        y, x = axes(shape)
        at = (x + look['wobble'] * pitch * noise(rng, shape, 80 * unit)) / pitch
        wave = np.sin(2 * np.pi * (at + rng.uniform(0, 1)))
        if look['double']:
            wave = 0.7 * wave + 0.5 * np.sin(4 * np.pi * at + 1)
        sharp = 1 + 7 * look['square']
        profile = np.tanh(sharp * wave) / math.tanh(sharp)
        light = 1 - look['dark'] * (1 - profile) / 2
        light = light + look['relief'] * slope(profile, look['light']) * math.sqrt(pitch / 12)
        light = light * (1 + look['rough'] * blurred(rng, shape, 0.8)
                         + look['streak'] * noise(rng, shape, 150 * unit, 2)
                         + 0.02 * fractal(rng, shape, 60 * unit, 2))
        return colours.lit(look['colour'], light)


class Perforated(Family):
    """Punched sheet: round, square or long holes in rows or staggered, with a rim."""

    largest_tilt_deg = 20.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new sheet."""
        colour = metal(rng) if rng.random() < 0.7 else colours.draw(
            rng, (0, 1), (0, 0.5), (0.3, 0.9))
        pitch = rng.uniform(14, 36) * unit
        return {
            'pitch': pitch, 'hole': rng.uniform(0.22, 0.36), 'stagger': rng.random() < 0.6,
            'power': rng.choice([2.0, 2.0, 8.0]), 'long': rng.choice([1.0, 1.0, 1.8]),
            # What is behind is in the shadow, or a lamp.
            'colour': colour, 'behind': np.full(3, rng.uniform(0.02, 0.15) if (
                colour.max() > 0.55 or rng.random() < 0.5) else rng.uniform(0.8, 0.98), np.float32),
            'rim': rng.uniform(0.1, 0.5), 'light': rng.uniform(0, 2 * np.pi),
            'brush': rng.uniform(0.01, 0.06), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the sheet."""
        pitch, unit, long = look['pitch'], look['unit'], look['long']
        y, x = axes(shape)
        v = y / pitch + rng.uniform(0, 1)
        row = np.floor(v)
        u = x / (pitch * long) + rng.uniform(0, 1)
        u = u + 0.5 * (row % 2) if look['stagger'] else u + 0 * row
        a, b = (u - np.floor(u) - 0.5) * long, v - row - 0.5
        # Long holes are circles drawn out: their ends are round.
        a = np.maximum(np.abs(a) - (long - 1) * 0.4, 0)
        b = np.abs(b) + 0 * a
        far = (a ** look['power'] + b ** look['power']) ** (1 / look['power'])
        inside = (look['hole'] - far) * pitch
        light = 1 + look['brush'] * (noise(rng, shape, 1.2, 90 * unit) + blurred(rng, shape, 0.7))
        light = light + 0.03 * fractal(rng, shape, 70 * unit, 2)
        rim = step(inside, -1.8 * unit, 0.5 * unit)
        light = light + look['rim'] * 2.5 * unit * slope(-rim, look['light'])
        sheet = colours.lit(look['colour'], light)
        behind = colours.lit(look['behind'], 1 + slope(rim, look['light']))
        return colours.over(sheet, behind, step(inside, -0.7, 0.7))


class TreadPlate(Family):
    """Tread plate: raised lenses that lie crosswise in turns, on rolled metal."""

    largest_tilt_deg = 45.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new plate."""
        return {
            'pitch': rng.uniform(20, 44) * unit, 'long': rng.uniform(0.4, 0.52),
            'thin': rng.uniform(0.1, 0.17), 'colour': metal(rng),
            'relief': rng.uniform(0.25, 0.6), 'top': rng.uniform(-0.05, 0.25),
            'light': rng.uniform(0, 2 * np.pi), 'rough': rng.uniform(0.02, 0.07),
            'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the plate."""
        pitch, unit = look['pitch'], look['unit']
        y, x = axes(shape)
        u, v = x / pitch + rng.uniform(0, 9), y / pitch + rng.uniform(0, 9)
        i, j = np.floor(u), np.floor(v)
        a, b = u - i - 0.5, v - j - 0.5
        flip = (i + j) % 2 > 0
        along, across = np.where(flip, b, a), np.where(flip, a, b)
        lens = 1 - (along / look['long']) ** 2 - np.abs(across) / look['thin']
        height = step(lens, 0.0, 0.7) * 5 * unit
        light = 1 + look['relief'] * slope(height, look['light']) + look['top'] * height / 5
        light = light * (1 + look['rough'] * (
            blurred(rng, shape, 0.8 * unit) + noise(rng, shape, 1.5, 60 * unit))
            + 0.05 * fractal(rng, shape, 60 * unit, 3))
        return colours.lit(look['colour'] * 0.9, light)
