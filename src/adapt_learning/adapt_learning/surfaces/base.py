"""What every family of surfaces gives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.surfaces.view import View, canvas_side

SMALLEST_PX, LARGEST_PX = 32, 4096


@dataclass(frozen=True)
class Style:
    """One surface: what all pictures of it share."""

    view: View
    look: Mapping[str, Any]
    """Settings of the family: colours, lengths in px, contrasts."""


class Family(ABC):
    """
    A kind of material, e.g. wood; `sample` draws one board, `render` a picture of a place of it.

    To add one: derive from this, write `draw` and `paint`, and give it a line in `registry`.
    """

    largest_tilt_deg = 8.0
    """How far pieces may lie turned, beside the quarter turns."""

    def sample(self, rng: np.random.Generator, size_px: int) -> Style:
        """Return a new surface for pictures of size_px; SettingError for a size out of range."""
        check_size(size_px)
        view = View.draw(rng, size_px, self.largest_tilt_deg)
        # numpy's own scalars of 64 bit would make all fields twice as large and as slow.
        look = {key: value.item() if isinstance(value, np.generic) else value
                for key, value in self.draw(rng, size_px / 256).items()}
        return Style(view, MappingProxyType(look))

    def render(self, style: Style, rng: np.random.Generator, size_px: int) -> np.ndarray:
        """Return a picture uint8 [size, size, 3] RGB of some place of the surface."""
        check_size(size_px)
        angle = style.view.angle(rng)
        side = canvas_side(size_px, angle)
        canvas = self.paint(style.look, rng, (side, side))
        return style.view.take(canvas, angle, rng, size_px)

    @abstractmethod
    def draw(self, rng: np.random.Generator, unit: float) -> dict[str, Any]:
        """Return the settings of a new surface; lengths are px of a 256 px picture x unit."""

    @abstractmethod
    def paint(self, look: Mapping[str, Any], rng: np.random.Generator,
              shape: tuple[int, int]) -> np.ndarray:
        """Return a place of the surface, float32 [h, w] or [h, w, 3] in 0..1, in even light."""


def check_size(size_px: int) -> None:
    """Raise SettingError unless a picture can have this side."""
    if not isinstance(size_px, int | np.integer) or not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise SettingError(f'the side of a picture is a whole number from {SMALLEST_PX} to '
                           f'{LARGEST_PX} px; got {size_px!r}')
