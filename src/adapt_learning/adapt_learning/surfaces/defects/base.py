"""What every kind of defect gives: a changed picture, and a mask of what really changed."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import cv2
import numpy as np

from adapt_learning.errors import SettingError

VISIBLE = 4
"""A pixel counts as changed from so many grey levels on, in one of its channels."""
LEAST_CHANGE = 7.0
"""Mean change in the mask below which a defect is drawn again [grey levels]."""
LEAST_OF_TEXTURE = 0.35
"""The same as a share of the texture's standard deviation: on granite more is needed."""
LEAST_AREA, LARGEST_AREA = 0.001, 0.3
"""Shares of the picture that a mask may have."""
_TRIES = 12
_CRUMB_PX = 6


@dataclass(frozen=True)
class Scene:
    """A picture that is to be spoilt, and what a painter wants to know of it."""

    picture: np.ndarray
    """float32 [h, w, 3], 0..255."""
    grey: bool
    texture: float
    """Standard deviation of the picture after its slow changes are taken out [grey levels]."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in px."""
        return self.picture.shape[:2]

    @property
    def unit(self) -> float:
        """How large a px of a 256 px picture is here."""
        return min(self.shape) / 256

    def contrast(self, rng: np.random.Generator, strength: float) -> float:
        """Return how much a defect of this strength differs from its ground [grey levels]."""
        return float((14 + 75 * strength) * rng.uniform(0.8, 1.2)
                     + self.texture * (0.5 + 0.7 * strength))

    def tone(self, rng: np.random.Generator, y: float, x: float, contrast: float,
             tint: float = 0.15) -> np.ndarray:
        """
        Return a colour [3] that stands out at a place by `contrast`, darker or brighter.

        It goes where there is room. A monochrome picture gets a grey.
        """
        reach = max(int(12 * self.unit), 4)
        top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
        ground = self.picture[top:int(y) + reach + 1, left:int(x) + reach + 1].mean((0, 1))
        mean = float(ground.mean())
        darker = mean / 255 if contrast < min(mean, 255 - mean) else float(mean > 127)
        target = mean + (-contrast if rng.random() < darker else contrast)
        colour = np.full(3, target) if self.grey else (
            target + (1 - tint) * (ground - mean) + tint * 255 * rng.normal(0, 0.5, 3))
        return np.clip(colour, 3, 252).astype(np.float32)


class Defect(ABC):
    """
    A kind of defect, e.g. a scratch; it is painted on any picture.

    To add one: derive from this, write `paint`, and give it a line in `surfaces.registry`.
    """

    def apply(self, picture: np.ndarray, rng: np.random.Generator,
              strength: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
        """
        Return a copy of the picture with a defect, and its mask uint8 [h, w] of 0 and 255.

        `strength` goes from 0 (small and faint) to 1 (clear). Nothing changes outside of the mask.
        A draw that can hardly be seen is repeated a little stronger. SettingError for what is no
        picture uint8 [h, w, 3] of at least 32 x 32 px, and for a strength out of range.
        """
        scene = _scene(picture)
        if not 0 <= strength <= 1:
            raise SettingError(f'the strength of a defect lies in 0..1; got {strength!r}')
        least = max(LEAST_CHANGE, LEAST_OF_TEXTURE * scene.texture)
        best, best_seen = None, -1.0
        for attempt in range(_TRIES):
            changed, mask = self._draw(scene, picture, rng, strength + 0.08 * attempt)
            seen = _seen(picture, changed, mask)
            if seen >= least:
                return changed, mask
            if seen > best_seen:
                best, best_seen = (changed, mask), seen
        if best_seen <= 0:
            raise SettingError(f'{type(self).__name__} finds no place on this picture (mean '
                               f'{scene.picture.mean():.0f}, texture {scene.texture:.1f}); '
                               'give a picture of a surface, or another kind of defect')
        return best

    @abstractmethod
    def paint(self, scene: Scene, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        """
        Return the spoilt picture float32 [h, w, 3] and where it was painted, float32 [h, w] 0..1.

        `strength` may be a little above 1 where earlier draws were too faint.
        """

    def _draw(self, scene: Scene, picture: np.ndarray, rng: np.random.Generator,
              strength: float) -> tuple[np.ndarray, np.ndarray]:
        after, support = self.paint(scene, rng, strength)
        if scene.grey:
            after = np.repeat(after.mean(-1, keepdims=True), 3, -1)
        after = np.clip(after + 0.5, 0, 255).astype(np.uint8)
        change = cv2.absdiff(after, picture).max(-1)
        painted = support > 0.04
        mask = ((change >= VISIBLE) & painted).astype(np.uint8)
        # Here and there the ground has the colour of the defect; that is no hole in it.
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _DISC) & painted
        mask = _without_crumbs(mask)
        return np.where(mask[..., None] > 0, after, picture), mask * np.uint8(255)


def _seen(before: np.ndarray, after: np.ndarray, mask: np.ndarray) -> float:
    """Return the mean change in the mask [grey levels]; 0 for a mask that is too small or large."""
    inside = mask > 0
    if not LEAST_AREA <= inside.mean() <= LARGEST_AREA:
        return 0.0
    return float(cv2.absdiff(before, after).max(-1)[inside].mean())


def _without_crumbs(mask: np.ndarray) -> np.ndarray:
    """Return the mask 0/1 without parts of a few px, unless there are no others."""
    count, label, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= _CRUMB_PX
    large[0] = False
    return np.take(large, label).astype(np.uint8) if large.any() else mask


def _scene(picture: np.ndarray) -> Scene:
    fits = (isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.ndim == 3
            and picture.shape[2] == 3 and min(picture.shape[:2]) >= 32)
    if not fits:
        raise SettingError('a picture is uint8 [height, width, 3] of at least 32 x 32 px; got '
                           f'{getattr(picture, "dtype", type(picture).__name__)} '
                           f'{getattr(picture, "shape", "")}: convert it first')
    grey = bool((picture[..., 0] == picture[..., 1]).all()
                and (picture[..., 1] == picture[..., 2]).all())
    mean = picture.mean(-1, dtype=np.float32)
    slow = cv2.blur(mean, (max(picture.shape[1] // 6, 3),) * 2)
    return Scene(picture.astype(np.float32), grey, float((mean - slow).std()))


_DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
