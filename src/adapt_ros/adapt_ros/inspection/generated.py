"""Parts that a program draws: good and defective pictures of one procedural surface."""

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from adapt_learning.data.files import read_json, replace_folder
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.surfaces import Surface, names, rng_of, write_surface
from adapt_learning.surfaces.export import ABOUT
from adapt_ros.inspection.parts import GOOD, Part

PREFIX = 'generated:'
MOST_PARTS = 1_000_000
_NAME = re.compile(r'([a-z_]+)_([0-9]{1,19})')
# References are good pictures 0, 1, 2, ...; the pictures of a line begin here or later.
_FIRST_PICTURE = 2**32
# Within so many parts the share of defective ones is kept.
_BLOCK = 20


def surface_of(name: str) -> Surface:
    """
    Return the surface that is called FAMILY_SEED, such as leather_3.

    SettingError for a name of another form, CatalogError for a family that there is not.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise SettingError(f'a generated surface is called FAMILY_SEED, such as leather_3, with a '
                           f"family among {', '.join(names('family'))}; got '{name}'")
    return Surface(found[1], int(found[2]))


class GeneratedSource:
    """
    Draws parts of one surface, a share of them defective, as a seed decides.

    Part n is the same at any time and in any order of calls. Other seeds give other pictures, and
    another order of good and defective ones. `count` 0 stands for the most there can be.
    """

    def __init__(self, name: str, seed: int = 0, count: int = 0, defective_share: float = 0.5):
        self.surface = surface_of(name)
        self._seed = seed
        self._count = count or MOST_PARTS
        self._share = defective_share
        self._first = int(rng_of('line', seed).integers(_FIRST_PICTURE, 2**62))

    def __len__(self) -> int:
        """Return how many parts there are."""
        return self._count

    def part(self, number: int) -> Part:
        """Return a part, drawn anew: uint8 RGB [256, 256, 3]."""
        picture = self._first + number
        if not self.is_defective(number):
            return Part(f'{GOOD}-{number:04d}', self.surface.good(picture))
        drawn = self.surface.defective(picture)
        return Part(f'{drawn.kind}-{number:04d}', drawn.picture)

    def is_defective(self, number: int) -> bool:
        """Return the truth about a part without drawing it."""
        block, place = divmod(number, _BLOCK)
        begin = block * _BLOCK
        end = min(begin + _BLOCK, self._count)
        # The difference of two rounded totals: what one block rounds off the next one adds.
        defective = round(end * self._share) - round(begin * self._share)
        order = rng_of('defective', self._seed, block).permutation(end - begin)
        return bool(np.flatnonzero(order == place)[0] < defective)

    def write_references(self, folder: str | Path, count: int) -> None:
        """
        Write good pictures that are no parts of any line into FOLDER/train/good.

        What an earlier call wrote there is replaced. SettingError for a folder that holds anything
        else, and where the disk refuses.
        """
        folder = Path(folder).expanduser()
        _check_replaceable(folder)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=f'.{folder.name}.', dir=folder.parent))
            try:
                write_surface(self.surface, temporary / 'new', train=count, good=0, defective=0)
                replace_folder(temporary / 'new', folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        except OSError as error:
            raise SettingError(f'references cannot be written to {folder}: {error.strerror}; free '
                               'the disk or choose another folder') from error


def _check_replaceable(folder: Path) -> None:
    """Raise SettingError unless nothing is lost where this folder is replaced."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        about = read_json(folder / ABOUT)
    except DatasetError:
        about = {}
    if about.get('good') != 0 or about.get('defective') != {}:
        raise SettingError(f'references are written to a folder that is new, empty or holds '
                           f'generated references only; {folder} holds something else: choose '
                           'another folder')
