"""Pixels of sensor_msgs/Image and CompressedImage, in every usual encoding."""

import re

import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from adapt_learning.errors import PictureError
from adapt_learning.inspection.pictures import check_size, decode, from_bayer

# (channels, bytes per value, blue comes first)
_PLAIN = {
    'mono8': (1, 1, False), 'mono16': (1, 2, False),
    'rgb8': (3, 1, False), 'bgr8': (3, 1, True), 'rgba8': (4, 1, False), 'bgra8': (4, 1, True),
    'rgb16': (3, 2, False), 'bgr16': (3, 2, True), 'rgba16': (4, 2, False),
    'bgra16': (4, 2, True),
    # OpenCV's own names; its colours are blue first.
    '8UC1': (1, 1, False), '8UC3': (3, 1, True), '8UC4': (4, 1, True), '16UC1': (1, 2, False),
    '16UC3': (3, 2, True), '16UC4': (4, 2, True),
}
_BAYER = re.compile(r'bayer_(rggb|bggr|gbrg|grbg)(8|16)')
ALLOWED = (*_PLAIN, 'bayer_{rggb,bggr,gbrg,grbg}{8,16}')


def pixels_of(message: Image | CompressedImage) -> np.ndarray:
    """
    Return the pixels of a message: uint8 or uint16, [H, W] or RGB(A) [H, W, C].

    Depth and channels stay as they are; `pictures.to_input` brings all to one form. Raises
    PictureError for an encoding that is not known and for data that do not fit the header.
    """
    if isinstance(message, CompressedImage):
        return decode(bytes(message.data), f"the frame ('{message.format}')")
    bayer = _BAYER.fullmatch(message.encoding)
    if bayer:
        return from_bayer(_array(message, 1, int(bayer[2]) // 8), bayer[1])
    if message.encoding not in _PLAIN:
        raise PictureError(f"frames are of an encoding among {', '.join(ALLOWED)}; got "
                           f"'{message.encoding}': let the camera's driver convert it")
    channels, depth, blue_first = _PLAIN[message.encoding]
    pixels = _array(message, channels, depth)
    return pixels[:, :, [2, 1, 0]] if blue_first else pixels


def _array(message: Image, channels: int, depth: int) -> np.ndarray:
    """Return [H, W] or [H, W, C]; rows may be padded, values may be big-endian."""
    height, width, step = message.height, message.width, message.step
    check_size(width, height, 'the frame')
    row = width * channels * depth
    data = np.frombuffer(message.data, np.uint8)
    if step < row or len(data) < step * height:
        raise PictureError(
            f'a frame {message.encoding} of {width} x {height} has rows of at least {row} bytes '
            f'and step x height bytes in all; got step {step} and {len(data)} bytes: the '
            "camera's driver is at fault")
    rows = data[:step * height].reshape(height, step)[:, :row]
    values = np.ascontiguousarray(rows)
    if depth == 2:
        values = values.view('>u2' if message.is_bigendian else '<u2').astype(np.uint16)
    return values.reshape(height, width) if channels == 1 else \
        values.reshape(height, width, channels)
