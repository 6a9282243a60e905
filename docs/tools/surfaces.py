"""
Write docs/images/surfaces_*.png (two surfaces of every family) and docs/images/defects.png.

    python docs/tools/surfaces.py
"""

from pathlib import Path

import cv2
import numpy as np

from adapt_learning.surfaces import Surface, names

ROOT = Path(__file__).resolve().parents[2]
_TILE, _GAP, _TEXT = 96, 4, 18
_SHEETS, _COLUMNS = 3, 2
_LEVELS = 24
"""Grey levels per channel: noise is what makes these files large."""


def tile(picture: np.ndarray, text: str = '') -> np.ndarray:
    """Return a picture or mask as a tile uint8 [h, w, 3] with a line of text above it."""
    small = cv2.resize(picture, (_TILE, _TILE), interpolation=cv2.INTER_AREA)
    small = np.repeat(small[..., None], 3, -1) if small.ndim == 2 else small
    small = np.round(np.round(small / 255 * _LEVELS) * 255 / _LEVELS).astype(np.uint8)
    made = np.full((_TILE + _TEXT + _GAP, _TILE + _GAP, 3), 255, np.uint8)
    made[_TEXT:_TEXT + _TILE, :_TILE] = small
    cv2.putText(made, text, (1, _TEXT - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1,
                cv2.LINE_AA)
    return made


def family_tiles(family: str, number: int) -> list[np.ndarray]:
    """Return good beside defective pictures of two surfaces of a family."""
    kinds, made = names('defect'), []
    for seed in range(2):
        surface = Surface(family, seed)
        kind = kinds[(2 * number + seed) % len(kinds)]
        made += [tile(surface.good(0), '' if seed else family),
                 tile(surface.defective(0, kind, 0.8).picture, kind)]
    return made


def defect_tiles(kind: str, number: int) -> list[np.ndarray]:
    """Return a defect of three strengths on three surfaces, each beside its mask."""
    families, made = names('family'), []
    for k, strength in enumerate((0.2, 0.5, 1.0)):
        surface = Surface(families[(5 * number + 9 * k + 3) % len(families)], number)
        spoilt = surface.defective(k, kind, strength)
        made += [tile(spoilt.picture, kind if k == 0 else f'strength {strength:g}'),
                 tile(spoilt.mask, 'strength 0.2' if k == 0 else '')]
    return made


def sheet(rows: list[list[np.ndarray]], columns: int) -> np.ndarray:
    """Return rows of tiles below each other, in some columns."""
    rows = [np.concatenate(row, 1) for row in rows]
    rows += [np.full_like(rows[0], 255)] * (-len(rows) % columns)
    each = len(rows) // columns
    return np.concatenate([np.concatenate(rows[i * each:(i + 1) * each])
                           for i in range(columns)], 1)


def write(name: str, picture: np.ndarray) -> None:
    """Write a sheet RGB as PNG, as small as PNG can be."""
    cv2.imwrite(str(ROOT / 'docs/images' / name), picture[..., ::-1],
                [cv2.IMWRITE_PNG_COMPRESSION, 9])


def main() -> None:
    """Write all sheets."""
    families = names('family')
    each = -(-len(families) // _SHEETS)
    for k in range(_SHEETS):
        part = families[k * each:(k + 1) * each]
        write(f'surfaces_{k + 1}.png', sheet(
            [family_tiles(name, k * each + i) for i, name in enumerate(part)], _COLUMNS))
    write('defects.png', sheet(
        [defect_tiles(name, i) for i, name in enumerate(names('defect'))], _COLUMNS))


if __name__ == '__main__':
    main()
