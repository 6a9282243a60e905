"""
Write docs/images/small_diffusion.png: what the shipped model learnt from, and what it draws.

    python docs/tools/small_diffusion.py
"""

from pathlib import Path

import cv2
import numpy as np

from adapt_learning import catalog
from adapt_learning.generation.small.config import MeasureConfig
from adapt_learning.generation.small.pictures import PicturesConfig, draw_pictures
from adapt_learning.generation.small.pipeline import generate, load_pipeline

ROOT = Path(__file__).resolve().parents[2]
_COLUMNS, _TILE, _FRAME, _TEXT = 14, 64, 3, 18
_GOOD, _NONE = (0, 158, 115), (255, 255, 255)


def row(pictures: np.ndarray, text: str, good: list[bool]) -> np.ndarray:
    """Return pictures beside each other, the good ones framed, below a line of text."""
    tiles = []
    for picture, success in zip(pictures, good, strict=True):
        large = cv2.resize(picture, (_TILE, _TILE), interpolation=cv2.INTER_NEAREST)
        tiles.append(cv2.copyMakeBorder(large, *(_FRAME,) * 4, cv2.BORDER_CONSTANT,
                                        value=_GOOD if success else _NONE))
    line = np.concatenate(tiles, 1)
    head = np.full((_TEXT, line.shape[1], 3), 255, np.uint8)
    cv2.putText(head, text, (_FRAME, _TEXT - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1,
                cv2.LINE_AA)
    return np.concatenate([head, line])


def main() -> None:
    """Write the picture."""
    drawn = draw_pictures(PicturesConfig(scenes=_COLUMNS, surfaces=0), 7).pictures
    rows = [row(drawn, 'drawn, to learn from', [False] * _COLUMNS)]
    pipeline = load_pipeline(ROOT / 'models/small_diffusion')
    for name in catalog.names('evaluator'):
        rule = catalog.load('evaluator', name)()
        made = generate(pipeline, rule.prompt, _COLUMNS, 7, MeasureConfig())
        rows.append(row(made, rule.prompt, [rule.judge(one).success for one in made]))
    cv2.imwrite(str(ROOT / 'docs/images/small_diffusion.png'), np.concatenate(rows)[..., ::-1],
                [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == '__main__':
    main()
