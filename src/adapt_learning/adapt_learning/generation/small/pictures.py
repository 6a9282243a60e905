"""Pictures with captions to learn from, drawn by seed: scenes of shapes, and surfaces."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.generation.small.captions import (
    CaptionConfig,
    scene_caption,
    surface_caption,
    vocabulary,
)
from adapt_learning.generation.small.scenes import draw_scene, paint_scene
from adapt_learning.surfaces import Surface, rng_of

FAMILIES = ('leather', 'wood', 'paper', 'coating')
DEFECTS = ('scratch', 'stain', 'hole')
WORDS = vocabulary(FAMILIES, DEFECTS)
_DETAIL_PX = 96
"""Surfaces are drawn at least so large, or their textures would be too coarse."""
_STRENGTH = (0.7, 1.0)
"""Of defects: those of a small picture have to be plain."""
_PICTURES = 20
"""Of each surface, every second one with a defect."""


@dataclass(frozen=True)
class PicturesConfig:
    """What is drawn."""

    size_px: int = 32
    """Side of the pictures, a multiple of 8."""
    scenes: int = 10_000
    surfaces: int = 2_000
    """Pictures of surfaces."""
    captions: CaptionConfig = field(default_factory=CaptionConfig)

    def __post_init__(self):
        if self.size_px < 16 or self.size_px % 8:
            raise SettingError('size_px is a multiple of 8 from 16 on, as the autoencoder halves '
                               f'it twice and the denoiser once more; got {self.size_px}')
        if self.scenes < 0 or self.surfaces < 0 or self.scenes + self.surfaces < 1:
            raise SettingError('scenes and surfaces are not negative and at least one picture; '
                               f'got {self.scenes} and {self.surfaces}')


@dataclass(frozen=True)
class CaptionedPictures:
    """Pictures and what is said of them."""

    pictures: np.ndarray
    """uint8 [N, size, size, 3] RGB."""
    captions: tuple[str, ...]


def draw_pictures(config: PicturesConfig, seed: int,
                  tell: Callable[[int], None] = lambda done: None) -> CaptionedPictures:
    """
    Return scenes, then surfaces; the same seed gives the same pictures and captions.

    `tell` hears how many pictures are done.
    """
    pictures, captions = [], []
    for number in range(config.scenes):
        rng = rng_of('scene', seed, number)
        scene = draw_scene(rng)
        pictures.append(paint_scene(scene, rng, config.size_px))
        captions.append(scene_caption(scene, rng, config.captions))
        tell(len(pictures))
    for number in range(config.surfaces):
        picture, family, defect = surface_picture(seed, number, config.size_px)
        pictures.append(picture)
        captions.append(surface_caption(family, defect, rng_of('caption', seed, number),
                                        config.captions, DEFECTS))
        tell(len(pictures))
    return CaptionedPictures(np.stack(pictures), tuple(captions))


def surface_picture(seed: int, number: int, size_px: int) -> tuple[np.ndarray, str, str | None]:
    """Return a picture uint8 [size, size, 3] RGB, its family and its defect (None: without)."""
    group, place = divmod(number, _PICTURES)
    family = FAMILIES[group % len(FAMILIES)]
    # Seeds far from those that people type, so that theirs are new surfaces.
    surface = _surface(family, 2_000_000 * (1 + seed) + group, max(_DETAIL_PX, size_px))
    if place % 2:
        defective = surface.defective(place)
        picture, defect = defective.picture, defective.kind
    else:
        picture, defect = surface.good(place), None
    return (cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA), family, defect)


@functools.lru_cache(maxsize=2)
def _surface(family: str, seed: int, size_px: int) -> Surface:
    return Surface(family, seed, size_px, _STRENGTH, DEFECTS)
