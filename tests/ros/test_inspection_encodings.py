"""Every usual encoding of frames gives the same pixels; what is none is refused."""

import array

import numpy as np
import pytest
from inspection_bench import image
from sensor_msgs.msg import CompressedImage

from adapt_learning.errors import PictureError
from adapt_learning.inspection.pictures import encode_png, to_rgb
from adapt_ros.inspection.encodings import pixels_of

RGB = np.random.default_rng(0).integers(0, 256, (24, 30, 3), np.uint8)
GREY = RGB[:, :, 0].copy()
DEEP, DEEP_RGB = (pixels.astype(np.uint16) * 256 + 17 for pixels in (GREY, RGB))
ALPHA = np.dstack([RGB, np.full((24, 30), 7, np.uint8)])
CASES = {
    'mono8': (GREY, GREY), '8UC1': (GREY, GREY), 'mono16': (DEEP, DEEP), '16UC1': (DEEP, DEEP),
    'rgb8': (RGB, RGB), 'bgr8': (RGB[:, :, ::-1], RGB), '8UC3': (RGB[:, :, ::-1], RGB),
    'rgba8': (ALPHA, RGB), 'bgra8': (ALPHA[:, :, [2, 1, 0, 3]], RGB),
    'rgb16': (DEEP_RGB, DEEP_RGB), 'bgr16': (DEEP_RGB[:, :, ::-1], DEEP_RGB),
}


@pytest.mark.parametrize('encoding', CASES)
@pytest.mark.parametrize('padding', [0, 6])
@pytest.mark.parametrize('big', [False, True])
def test_an_encoding(encoding, padding, big):
    sent, wanted = CASES[encoding]
    if big and sent.dtype == np.uint16:
        sent = sent.byteswap()
    message = image(sent, encoding)
    message.is_bigendian = int(big)
    rows = np.frombuffer(message.data, np.uint8).reshape(24, -1)
    message.step += padding
    message.data = array.array('B', np.pad(
        rows, ((0, 0), (0, padding)), constant_values=99).tobytes())
    found = pixels_of(message)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(to_rgb(found), to_rgb(wanted))


@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
@pytest.mark.parametrize('depth', [8, 16])
def test_a_bayer_mosaic(pattern, depth):
    wanted = {'r': 200, 'g': 100, 'b': 40}
    tile = np.array([wanted[c] for c in pattern], np.uint8).reshape(2, 2)
    mosaic = np.tile(tile, (12, 15))
    if depth == 16:
        mosaic = mosaic.astype(np.uint16) * 256
    found = to_rgb(pixels_of(image(mosaic, f'bayer_{pattern}{depth}')))
    assert (found[6:-6, 6:-6] == [200, 100, 40]).all()


def test_a_compressed_frame_is_read_like_a_file():
    for pixels in (GREY, RGB, DEEP):
        message = CompressedImage(format='png')
        message.data = array.array('B', encode_png(pixels))
        np.testing.assert_array_equal(pixels_of(message), pixels)


def test_damaged_and_empty_compressed_frames_are_refused():
    for data in (b'', b'jpeg', encode_png(RGB)[:-40]):
        with pytest.raises(PictureError):
            pixels_of(CompressedImage(format='png', data=array.array('B', data)))


@pytest.mark.parametrize(('change', 'words'), [
    ({'encoding': 'yuv422'}, 'an encoding among mono8'), ({'encoding': ''}, 'an encoding among'),
    ({'encoding': '32FC1'}, 'an encoding among'), ({'encoding': 'bayer_rgbg8'}, 'an encoding'),
    ({'encoding': 'rgb8'}, 'rows of at least 90 bytes'),
    ({'step': 29}, 'step 29'), ({'step': 0}, 'step 0'), ({'height': 25}, '720 bytes'),
    ({'width': 0}, 'pixels'), ({'height': 0}, 'pixels'), ({'width': 2**32 - 1}, 'pixels'),
    ({'step': 2**32 - 1}, 'step 4294967295')])
def test_what_does_not_fit_is_refused(change, words):
    message = image(GREY)
    for name, value in change.items():
        setattr(message, name, value)
    with pytest.raises(PictureError, match=words):
        pixels_of(message)


def test_the_numbers_of_messages_are_those_of_the_results():
    from adapt_msgs.msg import InspectionVerdict

    from adapt_learning.inspection import Reason, Verdict
    for one in Verdict:
        assert getattr(InspectionVerdict, one.name) == one
    for one in Reason:
        assert getattr(InspectionVerdict, f'REASON_{one.name}') == one
