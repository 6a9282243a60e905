"""What a simulated line carries past its camera: parts with a name and with the truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from adapt_learning.errors import PictureError, SettingError
from adapt_learning.inspection.pictures import list_pictures, read_picture

GOOD = 'good'


@dataclass(frozen=True)
class Part:
    """One part on the line."""

    part_id: str
    """kind-name; the kind `good` is the truth about good parts."""
    pixels: np.ndarray
    """uint8 or uint16, [H, W] or RGB [H, W, 3]."""


class PartSource(Protocol):
    """Parts in a fixed order."""

    def __len__(self) -> int:
        """Return how many there are."""

    def part(self, number: int) -> Part:
        """Return part `number`; the same one every time."""


class FolderSource:
    """
    Plays a folder of pictures in an order that follows from a seed.

    The layout is that of MVTec-AD (test/good, test/<defect>), or the same without `test`, or a
    flat folder of good pictures. Raises SettingError where there is no picture.
    """

    def __init__(self, folder: str | Path, seed: int = 0, count: int = 0):
        folder = Path(folder).expanduser()
        if not folder.is_dir():
            raise SettingError(f'parts are the pictures of a folder, and {folder} is none; a '
                               'surface to draw is given as generated:FAMILY_SEED, such as '
                               'generated:leather_3')
        root = folder / 'test' if (folder / 'test').is_dir() else folder
        kinds = [path for path in sorted(root.iterdir())
                 if path.is_dir() and not path.name.startswith('.')] or [root]
        found = []
        for kind in kinds:
            try:
                pictures = list_pictures([kind])
            except PictureError:
                continue
            name = GOOD if kind == root else kind.name
            found += [(f'{name}-{path.stem}', path) for path in pictures]
        if not found:
            raise SettingError(f'{root} holds no pictures; there are test/good and test/<defect>, '
                               'or good and <defect>, or pictures of good parts')
        order = np.random.default_rng(seed).permutation(len(found))
        self._found = [found[i] for i in order[:count or None]]

    def __len__(self) -> int:
        """Return how many parts there are."""
        return len(self._found)

    def part(self, number: int) -> Part:
        """Return a part; PictureError where its picture cannot be read."""
        part_id, path = self._found[number]
        return Part(part_id, read_picture(path))


def is_good(part_id: str) -> bool:
    """Return the truth about a part of these sources."""
    return part_id.split('-')[0] == GOOD
