"""Scenes of a few coloured shapes, drawn by seed: what is in the picture is known exactly.

Lengths are shares of the picture's side, x to the right and y down.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

SHAPES = ('circle', 'square', 'triangle', 'ring')
COLOURS = {'red': 0, 'yellow': 56, 'green': 125, 'blue': 222, 'purple': 288}
"""Name -> hue [deg]."""
BACKGROUNDS = ('dark', 'light', 'grey', 'striped')
RELATIONS = {'above': (0, -1), 'below': (0, 1), 'left of': (-1, 0), 'right of': (1, 0)}
"""Words -> where the first thing lies, seen from the second."""
_DETAIL = 4
"""Scenes are drawn so many times larger, then averaged: smooth edges."""
_GAP, _MARGIN = 0.06, 0.03
_CORNERS = {'square': 4, 'triangle': 3}
_HOLE = 0.5
"""Of a ring, as a share of its radius."""


@dataclass(frozen=True)
class Thing:
    """One shape."""

    shape: str
    colour: str
    x: float
    y: float
    radius: float
    """Of the circle around it."""
    angle: float = 0.0
    """Turned by so much [rad]."""


@dataclass(frozen=True)
class Scene:
    """What a picture shows."""

    things: tuple[Thing, ...]
    background: str
    relation: str | None = None
    """Where the first of two things lies, seen from the second; a word of RELATIONS."""


def draw_scene(rng: np.random.Generator) -> Scene:
    """Return one thing, two or three things of a kind, or two that differ in shape and colour."""
    kind = rng.choice(('one', 'same', 'pair'), p=(0.2, 0.35, 0.45))
    background = str(rng.choice(BACKGROUNDS))
    shapes = [str(x) for x in rng.permutation(SHAPES)]
    colours = [str(x) for x in rng.permutation(tuple(COLOURS))]
    if kind == 'one':
        return Scene(_scattered(rng, shapes[:1], colours[:1], (0.17, 0.25)), background)
    if kind == 'same':
        count = int(rng.integers(2, 4))
        largest = 0.21 if count == 2 else 0.18
        return Scene(_scattered(rng, shapes[:1] * count, colours[:1] * count, (0.14, largest)),
                     background)
    relation = str(rng.choice(tuple(RELATIONS)))
    while True:
        things = _scattered(rng, shapes[:2], colours[:2], (0.15, 0.22))
        if relation_of(*things) == relation:
            return Scene(things, background, relation)


def relation_of(first: Thing, second: Thing) -> str | None:
    """Return where `first` lies seen from `second`; None where that is neither clear."""
    dx, dy = first.x - second.x, first.y - second.y
    if max(abs(dx), abs(dy)) < 1.5 * min(abs(dx), abs(dy)):
        return None
    if abs(dx) > abs(dy):
        return 'right of' if dx > 0 else 'left of'
    return 'below' if dy > 0 else 'above'


def paint_scene(scene: Scene, rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Return a picture uint8 [size, size, 3] RGB; shades and texture come from `rng`."""
    side = size_px * _DETAIL
    canvas = _background(scene.background, rng, size_px)
    canvas = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_CUBIC)
    for thing in scene.things:
        shade = _shade(COLOURS[thing.colour], rng)
        mask = np.zeros((side, side), np.uint8)
        cv2.fillPoly(mask, [np.round(_outline(thing) * side).astype(np.int32)], 255)
        if thing.shape == 'ring':
            centre = (round(thing.x * side), round(thing.y * side))
            cv2.circle(mask, centre, round(_HOLE * thing.radius * side), 0, -1)
        canvas[mask > 0] = shade
    small = cv2.resize(canvas, (size_px, size_px), interpolation=cv2.INTER_AREA)
    small += rng.normal(0, 0.01, small.shape).astype(np.float32)
    return np.clip(255 * small, 0, 255).round().astype(np.uint8)


def _scattered(rng: np.random.Generator, shapes: list[str], colours: list[str],
               radii: tuple[float, float]) -> tuple[Thing, ...]:
    """Return things that lie inside of the picture and apart from each other."""
    while True:
        found: list[Thing] = []
        for shape, colour in zip(shapes, colours, strict=True):
            radius = rng.uniform(*radii)
            near = _MARGIN + radius
            x, y = rng.uniform(near, 1 - near, 2)
            if all(math.hypot(x - other.x, y - other.y) > radius + other.radius + _GAP
                   for other in found):
                found.append(Thing(shape, colour, float(x), float(y), float(radius),
                                   float(rng.uniform(-0.35, 0.35))))
        if len(found) == len(shapes):
            return tuple(found)


def _outline(thing: Thing) -> np.ndarray:
    """Return the corners [N, 2]; a circle has many."""
    corners = _CORNERS.get(thing.shape, 48)
    # A square stands on its side, a triangle too.
    first = -math.pi / 2 + thing.angle + (math.pi / 4 if corners == 4 else 0)
    angles = first + 2 * math.pi * np.arange(corners) / corners
    return np.stack([thing.x + thing.radius * np.cos(angles),
                     thing.y + thing.radius * np.sin(angles)], 1)


def _shade(hue_deg: float, rng: np.random.Generator) -> np.ndarray:
    """Return a full colour near a hue, float32 [3] RGB in 0..1."""
    hsv = np.float32([[[(hue_deg + rng.uniform(-7, 7)) % 360, rng.uniform(0.8, 1),
                        rng.uniform(0.75, 1)]]])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]


def _background(kind: str, rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Return a pale background without a colour of its own, float32 [size, size, 3] in 0..1."""
    level = rng.uniform(*{'dark': (0.05, 0.2), 'light': (0.8, 0.95)}.get(kind, (0.4, 0.6)))
    plane = np.full((size_px, size_px), level, np.float32)
    rows, columns = np.mgrid[:size_px, :size_px].astype(np.float32) / size_px
    if kind == 'striped':
        angle, waves = rng.uniform(0, math.pi), rng.uniform(2, 3.5)
        along = columns * math.cos(angle) + rows * math.sin(angle)
        plane += 0.16 * np.sign(np.sin(2 * math.pi * (waves * along + rng.uniform())))
    elif kind == 'grey':
        cloud = rng.normal(0, 1, (6, 6)).astype(np.float32)
        plane += 0.05 * cv2.resize(cloud, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    tint = 1 + rng.uniform(-0.04, 0.04, 3).astype(np.float32)
    return np.clip(plane[..., None] * tint, 0, 1).astype(np.float32)
