"""Make a recipe of reference pictures: seconds, no training."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.inspection.bank import DEFAULT_LIMIT, Patches
from adapt_learning.inspection.calibration import check_rate, odd_ones
from adapt_learning.inspection.inspector import Inspector, Judged
from adapt_learning.inspection.pictures import (
    check_size,
    decode,
    encode_png,
    read_file,
    to_rgb,
)
from adapt_learning.inspection.quality import limits_of, measure
from adapt_learning.inspection.recipe import Recipe, Reference, check_name, make_calibration
from adapt_learning.inspection.recipe_file import write_recipe
from adapt_learning.inspection.turns import positions, turned

MOST_REFERENCES = 1000
_SHIFT, _SHIFT_TURNED = 1 / 32, 3 / 64
"""
Of the side: how far the copies of a single reference are moved. A bank that holds it turned knows
moves by whole patches well, so copies are moved by one and a half.
"""
_TILT_DEGREES = 4.0
_BRIGHTNESS = (0.95, 1.05)


@dataclass(frozen=True)
class FitSettings:
    """How a recipe is made."""

    false_reject: float = 0.01
    """Share of good parts that may be refused, above 0 and below 1."""
    review_band: float = 0.1
    """Share above the threshold within which somebody should look."""
    leave_out_odd: bool = False
    """Leave references out that look odd among the others; otherwise they are only named."""
    any_size: bool = False
    """Take frames of any size, even where all references have one size."""
    fixed_orientation: bool = False
    """
    Parts lie one way and the other way round is a defect: references are not turned or mirrored.
    """
    limit: int = DEFAULT_LIMIT
    """Rows of the bank per level."""


@dataclass(frozen=True)
class Picture:
    """A reference before it is one."""

    source: str
    """Where it came from, for people: a file name, or live_N."""
    pixels: np.ndarray
    """uint8 or uint16, [H, W] or RGB [H, W, 3]."""
    sha256: str


def picture_of_file(path: str | Path) -> Picture:
    """Read a reference picture; PictureError says what is wrong with it."""
    data = read_file(path)
    return Picture(Path(path).name, decode(data, str(path)), hashlib.sha256(data).hexdigest())


def picture_of_pixels(pixels: np.ndarray, source: str) -> Picture:
    """Take pixels of a camera as a reference picture; PictureError unless they can be one."""
    to_rgb(pixels)
    check_size(pixels.shape[1], pixels.shape[0], source)
    return Picture(source, pixels, hashlib.sha256(encode_png(pixels)).hexdigest())


def fit_recipe(inspector: Inspector, pictures: Sequence[Picture], name: str, *,
               surface: str = '', settings: FitSettings | None = None, created: str = '',
               code_version: str = '', progress: Callable[[str, int, int], None] | None = None,
               ) -> tuple[Recipe, list[bytes]]:
    """
    Return a recipe of references [n] and its pictures as PNG, ready for `write_recipe`.

    `progress(stage, done, total)` is called as it goes. A picture that comes twice is taken once.
    Raises SettingError.
    """
    settings = settings or FitSettings()
    check_name(name)
    check_rate(settings.false_reject)
    tell = progress or (lambda stage, done, total: None)
    pictures, notes = _different(pictures)
    views, patches = [], []
    count = 1 if settings.fixed_orientation else positions(len(pictures))
    for i, picture in enumerate(pictures):
        tell('reading references', i, len(pictures))
        views.append(inspector.view(picture.pixels))
        patches.append(_patches(inspector, views[-1], count))
    copies = _turned_copies if count > 1 else _copies
    scores, peaks = _scores(inspector, views, patches, settings.limit, copies, tell)
    odd = odd_ones(scores) if len(pictures) > 1 else []
    names = tuple(pictures[i].source for i in odd)
    if odd and settings.leave_out_odd:
        notes.append(f'left out, because they look odd among the others: {", ".join(names)}; what '
                     'is promised holds if they were really defective')
        kept = [i for i in range(len(pictures)) if i not in odd]
        pictures, views, patches = ([some[i] for i in kept] for some in (pictures, views, patches))
        scores, peaks = _scores(inspector, views, patches, settings.limit, copies, tell)
    elif odd:
        notes.append(f'these references look odd among the others, look at them: '
                     f'{", ".join(names)}')
    size = _common_size(pictures, settings.any_size, notes)
    calibration = make_calibration(scores, peaks, settings.false_reject, settings.review_band,
                                   copies=len(pictures) == 1)
    # The patches are those that calibrated; only the bank of all of them is still to be made.
    tell('bank', 0, 1)
    bank = Patches(patches, settings.limit).bank()
    manifest = inspector.manifest
    return Recipe(
        name, surface or name, manifest.name, manifest.hash,
        tuple(Reference(f'{i:03d}.png', one.source, one.sha256)
              for i, one in enumerate(pictures)),
        size, limits_of([measure(view) for view in views]), calibration, names, tuple(notes),
        created, code_version, bank, count), [encode_png(_stored(one.pixels)) for one in pictures]


def fit_files(inspector: Inspector, files: Iterable[str | Path], out: str | Path, *,
              name: str = '', overwrite: bool = False, **options) -> Recipe:
    """Make a recipe of picture files and write it to `out`; see `fit_recipe`."""
    out = Path(out)
    recipe, stored = fit_recipe(inspector, [picture_of_file(path) for path in files],
                                name or out.name, **options)
    return write_recipe(out, recipe, stored, overwrite)


def _different(pictures: Sequence[Picture]) -> tuple[list[Picture], list[str]]:
    """Return the pictures without those that are there already: they would score 0 as twins."""
    kept: dict[bytes, Picture] = {}
    notes = []
    for picture in pictures:
        pixels = to_rgb(picture.pixels)
        key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
        if key in kept:
            notes.append(f'{picture.source} is the same picture as {kept[key].source} and was left '
                         'out')
        else:
            kept[key] = picture
    if not kept:
        raise SettingError('a recipe is made of at least one reference picture; got none')
    if len(kept) > MOST_REFERENCES:
        raise SettingError(f'a recipe is made of at most {MOST_REFERENCES} references; got '
                           f'{len(kept)}: 25 to 100 that show all that is normal are enough')
    return list(kept.values()), notes


def _patches(inspector: Inspector, view: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the patches per level of a view in so many positions."""
    each = [inspector.patches(one) for one in turned(view, count)]
    return [np.concatenate(level) for level in zip(*each, strict=True)]


def _scores(inspector: Inspector, views: Sequence[np.ndarray],
            patches: Sequence[Sequence[np.ndarray]], limit: int,
            copies_of: Callable[[np.ndarray], list[np.ndarray]],
            tell: Callable[[str, int, int], None]) -> tuple[list[float], list[float]]:
    """Return (score, largest value of the map) of each reference against all others."""
    joined = Patches(patches, limit)
    if len(views) == 1:
        bank = joined.bank()
        todo = [(copy, bank) for copy in copies_of(views[0])]
    else:
        todo = [(view, None) for view in views]
    judged: list[Judged] = []
    for i, (view, bank) in enumerate(todo):
        tell('calibration', i, len(todo))
        judged.append(inspector.judge(view, bank or joined.bank(without=i)))
    return [one.score for one in judged], [float(one.map.max()) for one in judged]


def _copies(view: np.ndarray) -> list[np.ndarray]:
    """Return changed copies of a picture: flipped, moved a little, darker and brighter."""
    changed = [view[:, ::-1], view[::-1], view[::-1, ::-1], *_moved(view, _SHIFT), *_lit(view)]
    return [np.ascontiguousarray(one) for one in changed]


def _turned_copies(view: np.ndarray) -> list[np.ndarray]:
    """Return copies that no position of the picture is: moved, tilted, darker and brighter."""
    height, width = view.shape[:2]
    tilts = [cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
             for angle in (-_TILT_DEGREES, _TILT_DEGREES)]
    tilted = [cv2.warpAffine(view, tilt, (width, height), borderMode=cv2.BORDER_REFLECT_101)
              for tilt in tilts]
    return [np.ascontiguousarray(one) for one in (*_moved(view, _SHIFT_TURNED), *tilted,
                                                  *_lit(view))]


def _moved(view: np.ndarray, share: float) -> list[np.ndarray]:
    step = max(1, round(view.shape[0] * share))
    # Edges are mirrored: a frame that is moved shows more of the surface, and no border.
    padded = cv2.copyMakeBorder(view, step, step, step, step, cv2.BORDER_REFLECT_101)
    height, width = view.shape[:2]
    return [padded[y:y + height, x:x + width] for y, x in (
        (0, step), (2 * step, step), (step, 0), (step, 2 * step))]


def _lit(view: np.ndarray) -> list[np.ndarray]:
    return [cv2.convertScaleAbs(view, alpha=factor) for factor in _BRIGHTNESS]


def _common_size(pictures: Sequence[Picture], any_size: bool,
                 notes: list[str]) -> tuple[int, int] | None:
    sizes = {one.pixels.shape[1::-1] for one in pictures}
    if len(sizes) > 1:
        shown = ', '.join(f'{w} x {h}' for w, h in sorted(sizes)[:4])
        notes.append(f'references have {len(sizes)} different sizes ({shown}), so frames of any '
                     'size are taken')
        return None
    return None if any_size else sizes.pop()


def _stored(pixels: np.ndarray) -> np.ndarray:
    """Return what is stored of a reference: grey stays grey and 16 bit stay 16 bit."""
    if pixels.ndim == 3:
        return to_rgb(pixels)
    return pixels
