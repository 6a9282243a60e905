"""Pictures as the detectors see them: one reader, one conversion, for files and for messages.

Whatever judges a picture (a node, the command line, a benchmark) goes through `decode` and
`to_input`, so the same picture gives the same score to the bit everywhere.
"""

import io
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from adapt_learning.errors import PictureError

LONGEST_SIDE = 16_384
"""Pixels; line cameras have up to 16k. A picture that says more is refused by its header."""
MOST_PIXELS = 50_000_000
SMALLEST_SIDE = 16
MOST_BYTES = 300_000_000
"""Of a file: an uncompressed picture of the most pixels in three channels of 16 bit."""

SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp', '.pgm', '.ppm')
_FORMATS = ('PNG', 'JPEG', 'BMP', 'TIFF', 'WEBP', 'PPM')
_KINDS = 'PNG, JPEG, BMP, TIFF, WebP, PGM or PPM'
_BAYER = {'rggb': cv2.COLOR_BayerRGGB2RGB, 'bggr': cv2.COLOR_BayerBGGR2RGB,
          'gbrg': cv2.COLOR_BayerGBRG2RGB, 'grbg': cv2.COLOR_BayerGRBG2RGB}


def read_picture(path: str | Path) -> np.ndarray:
    """
    Return the pixels of a file as they are stored (see `decode`).

    Raises PictureError for what is no picture, damaged, too large or not there.
    """
    return decode(read_file(path), str(path))


def read_file(path: str | Path) -> bytes:
    """Return the bytes of a picture file; PictureError where that cannot be one."""
    path = check_file(path)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise PictureError(f'a picture file has at most {MOST_BYTES:,} bytes; {path} has '
                               f'{size:,}: crop the picture or store it compressed')
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f'{path} cannot be read: {error.strerror}; look at its '
                           'permissions') from error


def check_file(path: str | Path) -> Path:
    """Return the path of a file; PictureError where there is none."""
    path = Path(path)
    # A pipe or a device would be read for ever.
    if not path.is_file():
        what = 'a folder' if path.is_dir() else 'no file' if path.exists() else 'not there'
        raise PictureError(f'{path} is {what}; a picture file is needed ({_KINDS})')
    return path


def decode(data: bytes, name: str = 'the picture') -> np.ndarray:
    """
    Return the pixels of an encoded picture: uint8 or uint16 [H, W], or uint8 [H, W, 3] in RGB.

    The size is checked by the header, before any pixel is decoded. A picture whose data ends early
    is refused: what decoders fill in looks like a defect. Transparency is left out, not blended.
    Colours of 16 bit keep their upper byte, as in `to_rgb`. Raises PictureError.
    """
    if not data:
        raise PictureError(f'{name} is empty (0 bytes); copy or take the picture again')
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes, for which there is a limit here, and of odd tags.
            warnings.simplefilter('ignore')
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
            check_size(*picture.size, name)
            picture.load()
            return _pixels(picture, name)
    except UnidentifiedImageError as error:
        raise PictureError(f'{name} is no picture that can be read; allowed: {_KINDS}') from error
    except Image.DecompressionBombError as error:
        raise PictureError(f'{name} is too large: {error}; {_ALLOWED}') from error
    # Damaged data makes Pillow's decoders raise nearly anything.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError,
            ZeroDivisionError, OverflowError, MemoryError) as error:
        raise PictureError(f'{name} is damaged or not complete ({error}); copy or take the '
                           'picture again') from error


_ALLOWED = (f'allowed: {SMALLEST_SIDE} to {LONGEST_SIDE:,} pixels a side and at most '
            f'{MOST_PIXELS:,} in all; crop it or make it smaller')


def check_size(width: int, height: int, name: str = 'the picture') -> None:
    """Raise PictureError for a picture that is too large or too small to be decoded."""
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS \
            or min(width, height) < SMALLEST_SIDE:
        raise PictureError(f'{name} has {width} x {height} pixels; {_ALLOWED}')


def _pixels(picture: Image.Image, name: str) -> np.ndarray:
    mode = picture.mode
    if mode in ('L', 'RGB'):
        return np.array(picture)
    if mode == '1':
        return np.array(picture.convert('L'))
    if mode == 'LA':
        return np.array(picture.getchannel('L'))
    if mode.startswith('I;16'):
        return np.array(picture).astype(np.uint16)
    if mode == 'I':
        values = np.array(picture)
        if values.min() >= 0 and values.max() <= 65_535:
            return values.astype(np.uint16)
    if mode in ('P', 'PA', 'RGBA', 'RGBX', 'CMYK', 'YCbCr', 'LAB', 'HSV'):
        # By way of RGBA a palette with a transparent colour keeps the colour beneath.
        return np.array(picture.convert('RGBA' if mode in ('P', 'PA') else 'RGB').convert('RGB'))
    raise PictureError(f'pixels are integers of 8 or 16 bit, in one channel or in three; {name} '
                       f"has the form '{mode}': store it as an ordinary PNG")


def to_rgb(pixels: np.ndarray) -> np.ndarray:
    """
    Return uint8 RGB [H, W, 3] of uint8 or uint16 [H, W], [H, W, 1], [H, W, 3] or [H, W, 4].

    Grey becomes three equal channels, 16 bit become 8 by a fixed scale (the upper byte, never the
    range of this picture), a fourth channel is left out. Raises PictureError for anything else.
    """
    pixels = np.asarray(pixels)
    if pixels.dtype not in (np.uint8, np.uint16) or pixels.ndim not in (2, 3) \
            or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)) or 0 in pixels.shape:
        raise PictureError('pixels are uint8 or uint16 of shape [H, W], or [H, W, C] with 1, 3 or '
                           f'4 channels; got {pixels.dtype} {list(pixels.shape)}')
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, :3])


def to_input(pixels: np.ndarray, side: int) -> np.ndarray:
    """
    Return what a detector sees of a picture: uint8 RGB [side, side, 3].

    `to_rgb`, then resized by area, the two sides each by its own factor; nothing else. Raises
    PictureError for pixels of another kind.
    """
    pixels = to_rgb(pixels)
    if pixels.shape[:2] == (side, side):
        return pixels
    return cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)


def from_bayer(mosaic: np.ndarray, pattern: str) -> np.ndarray:
    """
    Return RGB [H, W, 3] of a colour camera's raw mosaic, uint8 or uint16 [H, W].

    `pattern` names the colours of the first two rows: rggb, bggr, gbrg or grbg.
    """
    return cv2.cvtColor(mosaic, _BAYER[pattern])


def encode_png(pixels: np.ndarray) -> bytes:
    """Return a PNG of uint8 or uint16 [H, W] or RGB [H, W, 3], quick rather than small."""
    if pixels.ndim == 3:
        pixels = pixels[:, :, ::-1]
    done, data = cv2.imencode('.png', pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise PictureError(f'no PNG could be made of {pixels.dtype} {list(pixels.shape)}')
    return data.tobytes()


def list_pictures(paths: Iterable[str | Path]) -> list[Path]:
    """
    Return picture files in the order of their names; folders stand for the pictures in them.

    A file that is named is always taken, so that a wrong one is told and not skipped. Raises
    PictureError for a folder without pictures and where there is nothing.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in _shown(path) if p.suffix.lower() in SUFFIXES)
        if not inside:
            raise PictureError(f'{path} holds no picture; its pictures end with '
                               f'{", ".join(SUFFIXES)}')
        found += inside
    if not found:
        raise PictureError('no picture was given; name files or folders with pictures')
    return found


def left_out(folder: str | Path) -> list[str]:
    """Return the names of the files of a folder that `list_pictures` does not take for pictures."""
    folder = Path(folder)
    return sorted(p.name for p in (_shown(folder) if folder.is_dir() else ())
                  if p.is_file() and p.suffix.lower() not in SUFFIXES)


def _shown(folder: Path) -> Iterator[Path]:
    """Give what lies in a folder and is not hidden."""
    return (p for p in folder.iterdir() if not p.name.startswith('.'))
