"""Surfaces as folders in the layout of MVTec-AD, which many programs read."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.surfaces.line import Surface

ABOUT = 'surface.json'
"""File that says how a folder was made."""


@dataclass(frozen=True)
class Written:
    """What was written for one surface."""

    folder: str
    train: int
    """Pictures in train/good."""
    good: int
    """Pictures in test/good."""
    defective: dict[str, int]
    """Pictures in test/<kind>, per kind."""


def write_surface(surface: Surface, folder: Path, train: int, good: int, defective: int,
                  said: Callable[[int], None] = lambda done: None) -> Written:
    """
    Write pictures of a surface: train/good, test/good, test/<kind>, ground_truth/<kind>.

    The kinds take turns, so that each has its share. Pictures are PNG, masks NNN_mask.png. The
    folder must be absent or empty (DatasetError). `said` hears how many pictures are written.
    """
    for what, count, least in (('train pictures', train, 1), ('good test pictures', good, 0),
                               ('defective pictures', defective, 0)):
        if count < least:
            raise SettingError(f'a folder has at least {least} {what}; got {count}')
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DatasetError(f'{folder} is there already and is never overwritten: choose another '
                           'folder or remove it')
    done = 0
    for place, first, count in (('train/good', 0, train), ('test/good', train, good)):
        (folder / place).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            write_png(folder / place / f'{i:03d}.png', surface.good(first + i))
            said(done := done + 1)
    kinds: dict[str, int] = {}
    for i in range(defective):
        kind = surface.kinds[i % len(surface.kinds)]
        made = surface.defective(i, kind)
        number = kinds.get(kind, 0)
        for place in (f'test/{kind}', f'ground_truth/{kind}'):
            (folder / place).mkdir(parents=True, exist_ok=True)
        write_png(folder / f'test/{kind}/{number:03d}.png', made.picture)
        write_png(folder / f'ground_truth/{kind}/{number:03d}_mask.png', made.mask)
        kinds[kind] = number + 1
        said(done := done + 1)
    written = Written(str(folder), train, good, kinds)
    about = {'family': surface.family, 'seed': surface.seed, 'size_px': surface.size_px,
             'strength': surface.strength, 'kinds': surface.kinds} | asdict(written)
    del about['folder']
    # Last: a folder without it was not finished.
    (folder / ABOUT).write_text(json.dumps(about, indent=2) + '\n', encoding='utf-8')
    return written


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a picture uint8 [h, w, 3] RGB or [h, w]; OSError where the disk refuses it."""
    bgr = picture if picture.ndim == 2 else picture[..., ::-1]
    _, data = cv2.imencode('.png', bgr)
    path.write_bytes(data.tobytes())
