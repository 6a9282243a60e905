"""Fibres without order: paper, cardboard, felt; and carpet."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import (
    axes,
    blurred,
    cells,
    fractal,
    hairs,
    noise,
    slope,
    step,
)


class Paper(Family):
    """Paper: flocks of fibres as against the light, single fibres, a fine tooth; flecks in some."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new sheet."""
        return {
            'colour': colours.draw(rng, (0.05, 0.17), (0.0, 0.3), (0.68, 0.92)),
            'flock': rng.uniform(0.015, 0.05), 'flock_px': rng.uniform(8, 24) * unit,
            'tooth': rng.uniform(0.005, 0.025), 'fibre': rng.uniform(0.08, 0.3),
            'fibre_px': rng.uniform(14, 34) * unit, 'dense': rng.uniform(0.3, 1.0),
            'flecks': rng.choice([0.0, 0.0, 0.4, 0.7]), 'light': rng.uniform(0, 2 * np.pi),
            'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the sheet."""
        area, unit = shape[0] * shape[1] / unit_area(look), look['unit']
        light = 1 + look['flock'] * fractal(rng, shape, look['flock_px'], 3)
        light = light + look['tooth'] * slope(blurred(rng, shape, 1.0 * unit), look['light']) * 4
        count = int(look['dense'] * area / 130)
        light = light + look['fibre'] * 0.3 * (
            hairs(rng, shape, count, look['fibre_px']) - 1.2 * hairs(
                rng, shape, count, look['fibre_px']))
        if look['flecks']:
            light = light - look['flecks'] * hairs(rng, shape, int(area / 1500), 5 * unit)
        return colours.lit(look['colour'], light)


class Cardboard(Family):
    """Grey or brown board of waste paper: fibres and flecks; the flutes show through in some."""

    largest_tilt_deg = 5.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new board."""
        return {
            'colour': colours.draw(rng, (0.07, 0.11), (0.15, 0.45), (0.5, 0.75)),
            'flute': rng.uniform(12, 28) * unit, 'shows': rng.choice([0.0, 0.04, 0.09]),
            'flock': rng.uniform(0.02, 0.045), 'fibre': rng.uniform(0.15, 0.4),
            'flecks': rng.uniform(0.1, 0.45), 'grain': rng.uniform(0.2, 1.2), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the board; flutes run along y, most fibres with the machine (x)."""
        area, unit = shape[0] * shape[1] / unit_area(look), look['unit']
        _, x = axes(shape)
        light = 1 + look['flock'] * fractal(rng, shape, 14 * unit, 4, 0.6, 1.5)
        light = light + look['shows'] * np.sin(
            2 * np.pi * (x / look['flute'] + rng.uniform(0, 1)
                         + 0.08 * noise(rng, shape, 100 * unit, 30 * unit)))
        bright, dark = (hairs(rng, shape, int(area / 120), 16 * unit, 0.7, 0.0, look['grain'])
                        for _ in range(2))
        light = light + look['fibre'] * (0.5 * bright - 0.6 * dark)
        light = light - look['flecks'] * hairs(rng, shape, int(area / 1200), 6 * unit)
        return colours.lit(look['colour'], light + 0.03 * blurred(rng, shape, 0.7))


class Felt(Family):
    """Felt, fleece, glass mat: a tangle of fibres that are seen one by one."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new felt."""
        return {
            'colour': colours.draw(rng, (0, 1), (0, 0.6), (0.25, 0.75)),
            'fibre_px': rng.uniform(25, 70) * unit, 'curl': rng.uniform(0.4, 1.6),
            'dense': rng.uniform(0.5, 1.1), 'bright': rng.uniform(0.2, 0.5),
            'dark': rng.uniform(0.15, 0.4), 'cloud': rng.uniform(0.03, 0.09), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the felt."""
        count = int(look['dense'] * shape[0] * shape[1] / unit_area(look) / 90)
        light = 1 + look['cloud'] * fractal(rng, shape, 24 * look['unit'], 4)
        light = light - look['dark'] * hairs(rng, shape, count, look['fibre_px'], look['curl'])
        light = light + look['bright'] * hairs(rng, shape, count, look['fibre_px'], look['curl'])
        light = light + 0.04 * blurred(rng, shape, 0.7)
        return colours.lit(look['colour'], light)


class Carpet(Family):
    """Cut or loop pile: tufts beside each other, each lit from one side, of mottled yarn."""

    largest_tilt_deg = 15.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new carpet."""
        colour = colours.draw(rng, (0, 1), (0.02, 0.5), (0.3, 0.8))
        return {
            'tuft': rng.uniform(5, 9) * unit, 'jitter': rng.uniform(0.35, 0.9), 'colour': colour,
            'other': colours.near(rng, colour, 0.3), 'share': rng.choice([0.0, 0.0, 0.3, 0.5]),
            'relief': rng.uniform(0.2, 0.5), 'gap': rng.uniform(0.3, 0.6),
            'light': rng.uniform(0, 2 * np.pi), 'uneven': rng.uniform(0.03, 0.12),
            'brushed': rng.uniform(0.02, 0.08), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the carpet."""
        tuft, unit = look['tuft'], look['unit']
        part = cells(rng, shape, tuft, look['jitter'])
        height = step(part.centre / tuft, 0.75, 0.0)
        own = rng.normal(1, look['uneven'], part.count).astype(np.float32)
        light = part.paint(own) * (1 - look['gap'] + look['gap'] * height)
        light = light + look['relief'] * slope(height * tuft / 2, look['light'])
        light = light * (1 + look['brushed'] * fractal(rng, shape, 50 * unit, 3)
                         + 0.1 * blurred(rng, shape, 0.6))
        colour = np.where((rng.random(part.count) < look['share'])[:, None],
                          look['other'], look['colour'])
        return colours.lit(part.paint(colour), light)


def unit_area(look: Mapping[str, Any]) -> float:
    """Return how many px of this picture are one of a 256 px picture."""
    return look['unit'] ** 2
