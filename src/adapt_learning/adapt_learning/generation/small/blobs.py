"""What is seen in a picture of coloured shapes, by plain vision: no network, nothing learnt."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from adapt_learning.generation.small.scenes import COLOURS, Thing

_DETAIL = 4
"""Pictures are looked at so many times larger: outlines of small shapes get smooth."""
_CHROMA = 0.3
"""Largest minus smallest of R, G, B from which a pixel has a colour; backgrounds have none."""
_SMALLEST = 0.012
"""Of the area of the picture."""
_HOLE = 0.05
"""Of the area within the outline, from which a shape is a ring."""
_FORMS = {'circle': (1.0, 0.785), 'square': (0.637, 1.0), 'triangle': (0.413, 0.5)}
"""Shares that the shape fills of the smallest circle and of the smallest rectangle around it."""
_UNLIKE = 0.2
"""Distance from the nearest form at which nothing is left of the likeness."""


@dataclass(frozen=True)
class Blob:
    """A connected piece of one colour; lengths are shares of the picture's side."""

    shape: str
    colour: str
    x: float
    y: float
    clarity: float = 1.0
    """How much it looks like its shape, 0..1."""


def blobs_of(things: tuple[Thing, ...]) -> list[Blob]:
    """Return what a faultless eye would see of the things of a scene."""
    return [Blob(thing.shape, thing.colour, thing.x, thing.y) for thing in things]


def find_blobs(picture: np.ndarray) -> list[Blob]:
    """Return the coloured shapes in a picture uint8 [H, W, 3] RGB, from left to right."""
    height, width = picture.shape[:2]
    large = cv2.resize(picture, (width * _DETAIL, height * _DETAIL),
                       interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    coloured = (large.max(2) - large.min(2)) > _CHROMA
    nearest = _nearest_colour(cv2.cvtColor(large, cv2.COLOR_RGB2HSV)[..., 0])
    found = []
    for index, colour in enumerate(COLOURS):
        mask = (coloured & (nearest == index)).astype(np.uint8)
        outlines, levels = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        for number, outline in enumerate(outlines):
            area = cv2.contourArea(outline)
            if levels[0][number][3] >= 0 or area < _SMALLEST * mask.size:
                continue  # a hole, or too small
            hole = max((cv2.contourArea(inner) for inner, level in zip(
                outlines, levels[0], strict=True) if level[3] == number), default=0.0)
            shape, clarity = _form(outline, area, hole)
            (x, y), _ = cv2.minEnclosingCircle(outline)
            found.append(Blob(shape, colour, x / mask.shape[1], y / mask.shape[0], clarity))
    return sorted(found, key=lambda blob: blob.x)


def _nearest_colour(hue_deg: np.ndarray) -> np.ndarray:
    hues = np.array(tuple(COLOURS.values()), np.float32)
    away = np.abs((hue_deg[..., None] - hues + 180) % 360 - 180)
    return away.argmin(-1)


def _form(outline: np.ndarray, area: float, hole: float) -> tuple[str, float]:
    """Return the nearest shape and how near it is."""
    _, radius = cv2.minEnclosingCircle(outline)
    _, (a, b), _ = cv2.minAreaRect(outline)
    seen = (area / (math.pi * radius**2), area / max(a * b, 1e-6))
    away = {form: math.dist(seen, wanted) for form, wanted in _FORMS.items()}
    shape = min(away, key=away.get)
    clarity = max(0.0, 1 - away[shape] / _UNLIKE)
    if hole > _HOLE * area:
        return 'ring', clarity if shape == 'circle' else 0.0
    return shape, clarity
