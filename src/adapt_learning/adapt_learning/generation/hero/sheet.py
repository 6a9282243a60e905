"""A sheet of numbered pictures: what a person looks at in a terminal."""

import math

import numpy as np
from PIL import Image, ImageDraw

_LEAST_SIDE, _LABEL = 96, 14


def contact_sheet(pictures: np.ndarray) -> Image.Image:
    """Return one picture of pictures uint8 [N, H, W, 3], each with its number above it."""
    count, height, width, _ = pictures.shape
    factor = _factor(height, width)
    columns = math.ceil(math.sqrt(count))
    cell = (width * factor + 4, height * factor + 4 + _LABEL)
    sheet = Image.new('RGB', (columns * cell[0], math.ceil(count / columns) * cell[1]), 'white')
    draw = ImageDraw.Draw(sheet)
    for i, picture in enumerate(pictures):
        left, top = i % columns * cell[0], i // columns * cell[1]
        draw.text((left + 2, top), str(i), fill='black')
        sheet.paste(enlarged(picture), (left + 2, top + _LABEL))
    return sheet


def enlarged(picture: np.ndarray) -> Image.Image:
    """Return a picture uint8 [H, W, 3] as large as in a sheet."""
    height, width, _ = picture.shape
    factor = _factor(height, width)
    return Image.fromarray(picture).resize((width * factor, height * factor), Image.NEAREST)


def _factor(height: int, width: int) -> int:
    return max(1, math.ceil(_LEAST_SIDE / min(height, width)))
