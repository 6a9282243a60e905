"""Electronics: solar cells and bare circuit boards."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from adapt_learning.surfaces import colours
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.fields import axes, blurred, cells, fractal, moved, noise, step


class Wafer(Family):
    """Solar cells: crystals of silicon (one or many), fingers, bus bars."""

    largest_tilt_deg = 3.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new type of cell."""
        return {
            'colour': (colours.draw(rng, (0.58, 0.66), (0.3, 0.75), (0.3, 0.65))
                       if rng.random() < 0.6 else colours.draw(rng, (0, 1), (0, 0.05), (0.4, 0.7))),
            'crystal': rng.uniform(16, 55) * unit, 'crystals': rng.choice([0.0, 0.09, 0.16]),
            'dark_lines': rng.uniform(0, 0.35), 'finger': rng.uniform(6, 13) * unit,
            'fingers': rng.uniform(-0.25, 0.4), 'bar': rng.uniform(70, 150) * unit,
            'bar_px': rng.uniform(4, 10) * unit, 'bars': rng.choice([-0.6, 0.6]),
            'cloud': rng.uniform(0.02, 0.08), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of a cell; bus bars run along x, fingers along y."""
        unit = look['unit']
        y, x = axes(shape)
        light = 1 + look['cloud'] * fractal(rng, shape, 120 * unit, 4, 0.6)
        if look['crystals']:
            part = cells(rng, shape, look['crystal'], 1.0, rng.uniform(0.6, 1.6))
            own = look['crystals'] * rng.standard_normal(part.count).astype(np.float32)
            bend = 0.04 * look['crystal']
            crystal = part.paint(own) - look['dark_lines'] * step(part.border, 1.8, 0.2) * step(
                noise(rng, shape, look['crystal']), -0.3, 1.2)
            light = light + moved(crystal, bend * noise(rng, shape, look['crystal'] / 2),
                                  bend * noise(rng, shape, look['crystal'] / 2))
        apart = np.abs(np.mod(x + rng.uniform(0, 99), look['finger']) - look['finger'] / 2)
        line = step(apart, 0.9 * unit, 0.3 * unit)
        silver = np.array([0.8, 0.82, 0.84], np.float32)
        cell = colours.lit(look['colour'], light)
        if look['fingers'] > 0:
            cell = colours.over(cell, silver, look['fingers'] * line)
        else:
            cell = colours.lit(cell, 1 + look['fingers'] * line)
        off = np.mod(y + rng.uniform(0, look['bar']), look['bar']) - look['bar'] / 2
        bar = step(look['bar_px'] / 2 - np.abs(off), -0.6, 0.6) + 0 * x
        metal = silver * 0.85 if look['bars'] > 0 else look['colour'] * 0.25
        bars = colours.lit(metal, 1 + 0.04 * noise(rng, shape, 2, 40 * unit)
                           + 0.02 * blurred(rng, shape, 0.7))
        return colours.over(cell, bars, bar)


class Board(Family):
    """Bare circuit boards: tracks in three directions, pads and vias; every place is another."""

    largest_tilt_deg = 2.0

    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new board."""
        grid = rng.uniform(11, 18) * unit
        green = colours.draw(rng, (0.3, 0.42), (0.5, 0.9), (0.15, 0.4))
        ground = green if rng.random() < 0.7 else colours.draw(
            rng, (0, 1), (0.2, 0.9), (0.08, 0.35))
        copper = (ground * 1.5 + 0.05 if rng.random() < 0.6
                  else colours.draw(rng, (0.05, 0.13), (0.2, 0.6), (0.6, 0.9)))
        return {
            'grid': grid, 'track': grid * rng.uniform(0.22, 0.4), 'ground': ground,
            'copper': np.clip(copper, 0, 0.95).astype(np.float32),
            'pad': colours.draw(rng, (0.1, 0.16), (0, 0.35), (0.7, 0.9)),
            'full': rng.uniform(0.5, 0.9), 'turns': rng.uniform(0.15, 0.4),
            'vias': rng.uniform(0.3, 0.8), 'mask': rng.uniform(0.01, 0.04), 'unit': unit}

    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the board; most tracks run along x."""
        grid, unit = look['grid'], look['unit']
        copper, pads = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        holes = np.zeros(shape, np.uint8)
        rows, columns = int(shape[0] / grid) + 2, int(shape[1] / grid) + 2
        at = rng.uniform(-1, 0, 2) * grid
        for row in range(rows):
            column = 0
            while column < columns:
                long = int(rng.integers(3, 12))
                if rng.random() < look['full']:
                    self._track(look, rng, (copper, pads, holes), at, row, column, long)
                column += long + 1
        edge = cv2.GaussianBlur(copper, (0, 0), 0.6).astype(np.float32) / 255
        light = 1 + look['mask'] * (fractal(rng, shape, 40 * unit, 3)
                                    + blurred(rng, shape, 0.8 * unit))
        picture = colours.mix(look['ground'], look['copper'], edge)
        picture = colours.over(picture, look['pad'], pads.astype(np.float32) / 255)
        return colours.lit(picture, light * (1 - holes.astype(np.float32) / 300))

    def _track(self, look: Mapping[str, Any], rng: np.random.Generator,
               layers: tuple[np.ndarray, ...], at: np.ndarray, row: int, column: int,
               long: int) -> None:
        """Draw a track that begins at a place of the grid, with a pad at each end."""
        grid, (copper, pads, holes) = look['grid'], layers
        x, y = at[1] + column * grid, at[0] + row * grid
        points = [(x, y)]
        if rng.random() < look['turns'] and long > 3:
            turn = int(rng.integers(1, long - 1))
            points += [(x + turn * grid, y), (x + (turn + 1) * grid, y + grid)]
            x, y = x + long * grid, y + grid
        else:
            x = x + long * grid
        points.append((x, y))
        drawn = np.round(np.array(points) * 16).astype(np.int32)
        width = max(int(round(look['track'])), 1)
        cv2.polylines(copper, [drawn], False, 255, width, cv2.LINE_AA, 4)
        for end in (points[0], points[-1]):
            if rng.random() < look['vias']:
                centre = (int(end[0] * 16), int(end[1] * 16))
                cv2.circle(pads, centre, int(grid * 0.4 * 16), 255, -1, cv2.LINE_AA, 4)
                cv2.circle(holes, centre, int(grid * 0.17 * 16), 255, -1, cv2.LINE_AA, 4)
