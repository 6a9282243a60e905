"""One surface as an inspection line sees it: good pictures, defective ones, as many as wanted."""

from typing import NamedTuple

import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.surfaces import registry
from adapt_learning.surfaces.base import check_size
from adapt_learning.surfaces.seeds import rng_of

LARGEST_SEED = 2**63 - 1


class Defective(NamedTuple):
    """A picture with a defect."""

    picture: np.ndarray
    """uint8 [size, size, 3] RGB."""
    mask: np.ndarray
    """uint8 [size, size]: 255 where the picture was changed, else 0."""
    kind: str
    """Name of the defect."""


class Surface:
    """
    One surface of a family: `seed` decides colour, scale, contrast, light and camera.

    `good(i)` and `defective(i)` give picture i, each of another place, with small changes of
    light and position. The same arguments give the same picture at any time and in any order.
    `strength` is the range from which that of each defect is drawn (see `Defect.apply`), `kinds`
    the defects that may come (default: all).
    """

    def __init__(self, family: str, seed: int, size_px: int = 256,
                 strength: tuple[float, float] = (0.25, 1.0),
                 kinds: tuple[str, ...] | None = None):
        self._family = registry.load('family', family)()
        check_size(size_px)
        _check_count('the seed of a surface', seed)
        low, high = strength
        if not 0 <= low <= high <= 1:
            raise SettingError('the strength of defects is a range within 0..1, the lower end '
                               f'first; got {low!r}, {high!r}')
        self.family, self.seed, self.size_px = family, int(seed), int(size_px)
        self.strength = (float(low), float(high))
        self.kinds = registry.names('defect') if kinds is None else tuple(kinds)
        if not self.kinds:
            raise SettingError('a surface needs at least one kind of defect; got none; allowed: '
                               f'{", ".join(registry.names("defect"))}')
        self._defects = {kind: registry.load('defect', kind)() for kind in self.kinds}
        self.style = self._family.sample(rng_of('surface', family, self.seed), self.size_px)

    @property
    def name(self) -> str:
        """Return the name of the surface, e.g. `granite_3`."""
        return f'{self.family}_{self.seed}'

    def good(self, i: int) -> np.ndarray:
        """Return good picture i, uint8 [size, size, 3] RGB."""
        return self._picture('good', i)

    def defective(self, i: int, kind: str | None = None,
                  strength: float | None = None) -> Defective:
        """
        Return defective picture i; kind and strength are drawn from i where they are not given.

        CatalogError for a kind there is not, SettingError for one that this surface leaves out.
        """
        # Before the registry's own error: what this surface was told to leave out is a setting.
        if kind is not None and kind not in self._defects:
            registry.load('defect', kind)
            raise SettingError(f"{self.name} was made without the defect '{kind}'; it has "
                               f'{", ".join(self.kinds)}')
        picture = self._picture('defective', i)
        draw = rng_of('defect', self.family, self.seed, int(i))
        drawn = self.kinds[int(draw.integers(len(self.kinds)))]
        own = float(draw.uniform(*self.strength))
        kind = drawn if kind is None else kind
        changed, mask = self._defects[kind].apply(
            picture, rng_of('paint', self.family, self.seed, int(i), kind),
            own if strength is None else strength)
        return Defective(changed, mask, kind)

    def _picture(self, group: str, i: int) -> np.ndarray:
        _check_count('the number of a picture', i)
        rng = rng_of(group, self.family, self.seed, int(i))
        return self._family.render(self.style, rng, self.size_px)


def _check_count(what: str, value: int) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not 0 <= value <= LARGEST_SEED:
        raise SettingError(f'{what} is a whole number from 0 to 2^63 - 1; got {value!r}')
