"""What is woven of warp and weft: plain weave, twill, carbon fibre, wire mesh."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import axes, blurred, fractal, noise, slope, step

# 1 where the warp (the upright thread) lies above the weft; rows follow the weft.
PLAIN = np.array([[1, 0], [0, 1]])
BASKET = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]])
TWILL_2_2 = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]])
TWILL_3_1 = np.array([[1, 1, 1, 0], [0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1]])
SATIN = np.array([[0, 1, 1, 1, 1], [1, 1, 1, 0, 1], [1, 0, 1, 1, 1], [1, 1, 1, 1, 0],
                  [1, 1, 0, 1, 1]])


def floats(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each cell of a periodic column where its float begins (<= 0) and how long it is.

    A float is a stretch on which a thread stays on the same side.
    """
    n = len(column)
    before, length = np.zeros(n), np.zeros(n)
    for i in range(n):
        back = next((k for k in range(1, n) if column[(i - k) % n] != column[i]), n) - 1
        ahead = next((k for k in range(1, n) if column[(i + k) % n] != column[i]), n) - 1
        before[i], length[i] = back, back + ahead + 1
    return before.astype(np.float32), length.astype(np.float32)


class Cloth:
    """Threads of one place: which is above, how high it is, where in the thread a pixel lies."""

    def __init__(self, look: Mapping[str, Any], rng: np.random.Generator,
                 shape: tuple[int, int]):
        pattern, pitch = look['pattern'], look['pitch']
        y, x = axes(shape)
        wobble = look['wobble'] * pitch
        u = (x + wobble * noise(rng, shape, 5 * pitch)) / look['pitch_x'] + rng.uniform(0, 9)
        v = (y + wobble * noise(rng, shape, 5 * pitch)) / pitch + rng.uniform(0, 9)
        self.i, self.j = np.floor(u).astype(np.int32), np.floor(v).astype(np.int32)
        self.i -= self.i.min()
        self.j -= self.j.min()
        fu, fv = u - np.floor(u), v - np.floor(v)
        cell = (self.j % pattern.shape[0]) * pattern.shape[1] + self.i % pattern.shape[1]
        warp_above = pattern.ravel().astype(bool).take(cell)
        up = [floats(column) for column in pattern.T]
        flat = [floats(row) for row in pattern]
        warp_at = np.stack([b for b, _ in up], 1).ravel()[cell] + fv
        warp_long = np.stack([n for _, n in up], 1).ravel()[cell]
        weft_at = np.stack([b for b, _ in flat]).ravel()[cell] + fu
        weft_long = np.stack([n for _, n in flat]).ravel()[cell]
        a, b = (2 * fu - 1) / look['width'], (2 * fv - 1) / look['width']
        warp_round = np.sqrt(np.clip(1 - a * a, 0, 1))
        weft_round = np.sqrt(np.clip(1 - b * b, 0, 1))
        arch = look['arch']
        warp_high = warp_round * (1 - arch + arch * np.sin(np.pi * warp_at / warp_long))
        weft_high = weft_round * (1 - arch + arch * np.sin(np.pi * weft_at / weft_long))
        above = np.where(warp_above, warp_high, weft_high)
        below = np.where(warp_above, weft_round, warp_round) * 0.35
        self.is_warp = warp_above ^ (above < below)
        self.height = np.maximum(above, below)
        self.across = np.where(self.is_warp, a, b)
        self.along = np.where(self.is_warp, v, u)

    def per_thread(self, rng: np.random.Generator, spread: float) -> np.ndarray:
        """Return a factor near 1 that is the same along each thread."""
        warp = 1 + spread * rng.standard_normal(self.i.max() + 1, dtype=np.float32)
        weft = 1 + spread * rng.standard_normal(self.j.max() + 1, dtype=np.float32)
        return np.where(self.is_warp, warp[self.i], weft[self.j])

    def fibres(self, look: Mapping[str, Any]) -> np.ndarray:
        """Return the twisted strands of a yarn, -1..1."""
        return np.sin(np.pi * (look['strands'] * self.across + look['twist'] * self.along))


class PlainWeave(Family):
    """Canvas, linen, basket weave: yarns that cross one by one or two by two."""

    patterns = (PLAIN, PLAIN, BASKET)

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new cloth."""
        pitch = rng.uniform(5, 13) * unit
        warp = colours.draw(rng, (0, 1), (0.02, 0.6), (0.3, 0.9))
        return {
            'pattern': self.patterns[rng.integers(len(self.patterns))], 'pitch': pitch,
            'pitch_x': pitch * rng.uniform(0.8, 1.25), 'width': rng.uniform(0.86, 1.0),
            'wobble': rng.uniform(0.02, 0.09), 'arch': rng.uniform(0.3, 0.6),
            'warp': warp, 'weft': self.other(rng, warp), 'gap': rng.uniform(0.15, 0.4),
            'uneven': rng.uniform(0.02, 0.1), 'strands': rng.uniform(2, 4),
            'twist': rng.uniform(0.8, 2), 'fibre': rng.uniform(0.02, 0.1),
            'light': rng.uniform(0, 2 * np.pi), 'relief': rng.uniform(0.2, 0.6),
            'slub': rng.uniform(0.0, 0.08)}

    def other(self, rng: np.random.Generator, warp: np.ndarray) -> np.ndarray:
        """Return the colour of the weft."""
        return colours.near(rng, warp, 0.06 if rng.random() < 0.6 else 0.4)

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the cloth."""
        cloth = Cloth(look, rng, shape)
        light = look['gap'] + (1 - look['gap']) * cloth.height
        light = light + look['relief'] * slope(cloth.height, look['light'])
        light = light * cloth.per_thread(rng, look['uneven'])
        light = light * (1 + look['fibre'] * cloth.fibres(look)
                         + look['slub'] * noise(rng, shape, 20 * look['pitch'], look['pitch'])
                         + 0.03 * blurred(rng, shape, 0.6))
        return colours.lit(colours.mix(look['weft'], look['warp'],
                                       cloth.is_warp.astype(np.float32)), light)


class Twill(PlainWeave):
    """Denim, gabardine, satin: floats that step aside from row to row and make diagonals."""

    patterns = (TWILL_2_2, TWILL_3_1, TWILL_3_1, SATIN)

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new cloth."""
        look = super().draw(rng, unit)
        pitch = rng.uniform(4, 9) * unit
        pattern = look['pattern'] if rng.random() < 0.5 else look['pattern'][:, ::-1]
        return look | {'pitch': pitch, 'pitch_x': pitch * rng.uniform(0.7, 1.0),
                       'pattern': pattern, 'wobble': rng.uniform(0.02, 0.06)}

    def other(self, rng: np.random.Generator, warp: np.ndarray) -> np.ndarray:
        """Return the colour of the weft: white in denim."""
        return (colours.draw(rng, (0.05, 0.15), (0, 0.1), (0.7, 0.95))
                if rng.random() < 0.5 else colours.near(rng, warp, 0.2))


class CarbonFibre(Family):
    """Carbon laminate: flat tows of thin filaments; warp and weft throw the light differently."""

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new laminate."""
        pitch = rng.uniform(11, 24) * unit
        return {
            'pattern': (PLAIN, TWILL_2_2, TWILL_2_2)[rng.integers(3)], 'pitch': pitch,
            'pitch_x': pitch * rng.uniform(0.92, 1.08), 'width': rng.uniform(1.0, 1.06),
            'wobble': rng.uniform(0.01, 0.03), 'arch': rng.uniform(0.35, 0.6),
            'warp': rng.uniform(0.34, 0.6), 'weft': rng.uniform(0.1, 0.26),
            'tint': colours.draw(rng, (0.5, 0.7), (0, 0.12), (0.9, 1)),
            'filament': rng.uniform(0.1, 0.28), 'uneven': rng.uniform(0.02, 0.08),
            'gloss': rng.uniform(0.05, 0.3), 'resin': rng.uniform(0.0, 0.05)}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the laminate."""
        cloth = Cloth(look, rng, shape)
        long, thin = look['pitch'] * 1.6, 1.1
        filaments = np.where(cloth.is_warp, noise(rng, shape, long, thin),
                             noise(rng, shape, thin, long))
        light = np.where(cloth.is_warp, np.float32(look['warp']), np.float32(look['weft']))
        arch = cloth.height
        light = light * (0.35 + 0.65 * arch) * (1 + look['filament'] * filaments)
        light = light * cloth.per_thread(rng, look['uneven'])
        light = light + look['gloss'] * step(arch, 0.8, 1.0) * (
            0.3 + np.float32(0.7) * cloth.is_warp)
        light = light + look['resin'] * fractal(rng, shape, 60, 2)
        return colours.lit(look['tint'], light)


class WireMesh(Family):
    """Woven wire: round bright wires with openings to a dark or light ground."""

    largest_tilt_deg = 45.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new mesh."""
        pitch = rng.uniform(9, 22) * unit
        metal = colours.draw(rng, (0.05, 0.65), (0, 0.12), (0.55, 0.85))
        return {
            'pattern': PLAIN, 'pitch': pitch, 'pitch_x': pitch * rng.uniform(0.9, 1.1),
            'width': rng.uniform(0.34, 0.6), 'wobble': rng.uniform(0.005, 0.025),
            'arch': rng.uniform(0.35, 0.6), 'metal': metal,
            'ground': np.full(3, rng.uniform(0.03, 0.2), np.float32),
            'uneven': rng.uniform(0.01, 0.05), 'light': rng.uniform(0, 2 * np.pi),
            'relief': rng.uniform(0.3, 0.8), 'rough': rng.uniform(0.02, 0.08)}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the mesh."""
        cloth = Cloth(look, rng, shape)
        light = 0.25 + 0.6 * cloth.height + look['relief'] * slope(cloth.height, look['light'])
        light = light + 0.35 * step(cloth.height, 0.85, 1.0)
        light = light * cloth.per_thread(rng, look['uneven'])
        light = light * (1 + look['rough'] * blurred(rng, shape, 0.7))
        wire = step(cloth.height, 0.02, 0.25)
        ground = colours.lit(look['ground'], 1 + 0.04 * noise(rng, shape, 40))
        return colours.over(ground, colours.lit(look['metal'], light), wire)
