"""One reader and one conversion for pictures; what is none is refused with a sentence."""

import io
import os
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from adapt_learning.errors import PictureError
from adapt_learning.inspection import pictures
from adapt_learning.inspection.pictures import (
    decode,
    encode_png,
    from_bayer,
    list_pictures,
    read_picture,
    to_input,
    to_rgb,
)

GREY = np.random.default_rng(0).integers(0, 256, (40, 60), np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)


def encoded(picture, form='PNG', **options):
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def header_of(width, height):
    """Return a PNG that says its size and holds next to nothing: 20,000 pixels in 60 bytes."""
    def chunk(kind, data):
        return (struct.pack('>I', len(data)) + kind + data
                + struct.pack('>I', zlib.crc32(kind + data)))
    return (b'\x89PNG\r\n\x1a\n'
            + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(b'\0')) + chunk(b'IEND', b''))


@pytest.mark.parametrize('form', ['PNG', 'BMP', 'TIFF', 'PPM'])
@pytest.mark.parametrize('pixels', [GREY, COLOUR], ids=['grey', 'colour'])
def test_formats_without_loss_keep_every_pixel(form, pixels):
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(pixels), form)), pixels)


def test_a_picture_of_16_bit_keeps_them():
    deep = GREY.astype(np.uint16) * 256 + 7
    for data in (encode_png(deep), encoded(Image.fromarray(deep))):
        found = decode(data)
        assert found.dtype == np.uint16
        np.testing.assert_array_equal(found, deep)


def test_a_colour_png_is_read_as_it_was_written():
    np.testing.assert_array_equal(decode(encode_png(COLOUR)), COLOUR)


def test_colours_of_16_bit_lose_the_lower_byte_in_the_file_as_in_a_message():
    deep = COLOUR.astype(np.uint16) * 256 + 200
    done, data = cv2.imencode('.png', deep[:, :, ::-1])
    assert done
    np.testing.assert_array_equal(to_rgb(decode(data.tobytes())), to_rgb(deep))


@pytest.mark.parametrize('mode', ['1', 'LA', 'P', 'RGBA', 'CMYK', 'YCbCr'])
def test_other_forms_become_grey_or_colour(mode):
    form = {'CMYK': 'JPEG', 'YCbCr': 'JPEG'}.get(mode, 'PNG')
    found = decode(encoded(Image.fromarray(COLOUR).convert(mode), form))
    assert found.dtype == np.uint8 and found.shape[:2] == (40, 60)
    assert to_rgb(found).shape == (40, 60, 3)


def test_transparency_is_left_out_and_not_blended():
    opaque = np.dstack([COLOUR, np.full((40, 60), 255, np.uint8)])
    hidden = np.dstack([COLOUR, np.zeros((40, 60), np.uint8)])
    for pixels in (opaque, hidden):
        np.testing.assert_array_equal(decode(encoded(Image.fromarray(pixels))), COLOUR)
        np.testing.assert_array_equal(to_rgb(pixels), COLOUR)


def test_grey_depth_and_channels_come_to_the_same_input():
    same = [GREY, GREY[:, :, None], GREY.astype(np.uint16) * 256 + 99, np.dstack([GREY] * 3),
            np.dstack([GREY] * 4)]
    inputs = [to_input(pixels, 32) for pixels in same]
    assert all(one.shape == (32, 32, 3) and one.dtype == np.uint8 for one in inputs)
    for one in inputs[1:]:
        np.testing.assert_array_equal(one, inputs[0])


def test_the_scale_does_not_depend_on_the_picture():
    dark = np.full((40, 60), 2560, np.uint16)
    assert (to_input(dark, 32) == 10).all(), '16 bit are never stretched to the range at hand'


def test_a_picture_of_the_right_size_is_not_touched():
    square = COLOUR[:, :40]
    np.testing.assert_array_equal(to_input(square, 40), square)


def test_resizing_is_by_area():
    blocks = np.kron(np.arange(4, dtype=np.uint8).reshape(2, 2) * 40, np.ones((20, 20), np.uint8))
    np.testing.assert_array_equal(to_input(blocks, 2)[:, :, 0], [[0, 40], [80, 120]])


@pytest.mark.parametrize('pixels', [
    GREY.astype(np.float32), GREY.astype(np.int32), GREY[0], np.zeros((4, 4, 2), np.uint8),
    np.zeros((0, 4), np.uint8), np.zeros((2, 4, 4, 3), np.uint8), 'no pixels'])
def test_other_pixels_are_refused(pixels):
    with pytest.raises(PictureError, match='uint8 or uint16'):
        to_rgb(pixels)


@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
def test_a_bayer_mosaic_gets_its_colours_back(pattern):
    wanted = {'r': 200, 'g': 100, 'b': 40}
    tile = np.array([wanted[c] for c in pattern], np.uint8).reshape(2, 2)
    found = from_bayer(np.tile(tile, (20, 20)), pattern)
    np.testing.assert_array_equal(found[4:-4, 4:-4].reshape(-1, 3),
                                  np.tile([200, 100, 40], (32 * 32, 1)))


@pytest.mark.parametrize(('width', 'height'), [(20_000, 20_000), (20_000, 20), (12_000, 12_000)])
def test_a_huge_picture_is_refused_by_its_header(width, height):
    begin = time.monotonic()
    with pytest.raises(PictureError, match='allowed: 16 to 16,384 pixels a side'):
        decode(header_of(width, height))
    assert time.monotonic() - begin < 1.0, 'it is not decoded first'


def test_a_header_without_pixels_is_damaged_and_not_black():
    with pytest.raises(PictureError, match='damaged or not complete'):
        decode(header_of(64, 64))


def test_a_tiny_picture_is_refused():
    with pytest.raises(PictureError, match='8 x 8 pixels'):
        decode(encode_png(np.zeros((8, 8), np.uint8)))


@pytest.mark.parametrize('form', ['JPEG', 'PNG', 'BMP', 'TIFF', 'WEBP', 'PPM'])
@pytest.mark.parametrize('share', [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_picture_is_refused_and_never_filled_in(form, share):
    data = encoded(Image.fromarray(COLOUR), form)
    with pytest.raises(PictureError):
        decode(data[:int(len(data) * share)], 'cut.img')


def test_flipped_bytes_are_refused_or_read_but_raise_nothing_else():
    rng = np.random.default_rng(0)
    for form in ('JPEG', 'PNG', 'TIFF', 'WEBP', 'BMP'):
        data = encoded(Image.fromarray(COLOUR), form)
        for _ in range(60):
            bad = bytearray(data)
            for place in rng.integers(0, len(bad), 3):
                bad[place] = rng.integers(0, 256)
            try:
                assert to_rgb(decode(bytes(bad))).dtype == np.uint8
            except PictureError as error:
                assert str(error)


@pytest.mark.parametrize('data', [b'GIF89a' + bytes(100), b'hello', b'%PDF-1.4', bytes(500)])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(PictureError, match='no picture that can be read'):
        decode(data)


def test_floating_point_pictures_have_no_fixed_scale():
    with pytest.raises(PictureError, match='integers of 8 or 16 bit'):
        decode(encoded(Image.fromarray(np.ones((20, 20), np.float32)), 'TIFF'))


def test_files(tmp_path):
    (tmp_path / 'empty.jpg').touch()
    with pytest.raises(PictureError, match='0 bytes'):
        read_picture(tmp_path / 'empty.jpg')
    with pytest.raises(PictureError, match='not there'):
        read_picture(tmp_path / 'none.png')
    with pytest.raises(PictureError, match='a folder'):
        read_picture(tmp_path)
    os.mkfifo(tmp_path / 'pipe.png')
    with pytest.raises(PictureError, match='no file'):
        read_picture(tmp_path / 'pipe.png')
    (tmp_path / 'good.png').write_bytes(encode_png(COLOUR))
    np.testing.assert_array_equal(read_picture(tmp_path / 'good.png'), COLOUR)


def test_a_file_of_too_many_bytes_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, 'MOST_BYTES', 100)
    (tmp_path / 'good.png').write_bytes(encode_png(COLOUR))
    with pytest.raises(PictureError, match='at most 100 bytes'):
        read_picture(tmp_path / 'good.png')


def test_folders_stand_for_their_pictures(tmp_path):
    for name in ('b.png', 'a.JPG', 'notes.txt', '.hidden.png'):
        (tmp_path / name).touch()
    assert [path.name for path in list_pictures([tmp_path])] == ['a.JPG', 'b.png']
    assert list_pictures([tmp_path / 'notes.txt']) == [tmp_path / 'notes.txt'], 'told, not skipped'
    (tmp_path / 'none').mkdir()
    with pytest.raises(PictureError, match='holds no picture'):
        list_pictures([tmp_path / 'none'])
    with pytest.raises(PictureError, match='no picture was given'):
        list_pictures([])
