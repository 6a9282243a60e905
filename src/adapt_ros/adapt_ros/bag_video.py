"""Pictures of a bag -> mp4 files as LeRobot wants them: one picture per row of the dataset."""

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from adapt_learning.data.videos import VideoSpan, feature, key_of, picture_stats
from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract
from adapt_learning.frames.contract import Camera
from adapt_ros.bags import messages_of, resolved
from adapt_ros.camera import picture_of
from adapt_ros.codecs import stamp_ns

# Near to lossless; a key picture every other one, so that training can jump into the film.
_OPTIONS = {'crf': '18', 'g': '2', 'preset': 'veryfast'}
_CODEC, _PIXELS = 'libx264', 'yuv420p'
# Statistics of this many pictures stand for all of an episode.
_SAMPLED = 20


def write_pictures(bag: Path, contract: Contract, namespace: str,
                   stamps_ns: np.ndarray, folder: Path, number: int
                   ) -> tuple[dict[str, VideoSpan], list[str]]:
    """
    Return the pictures of each camera for the rows stamped `stamps_ns`, and [].

    Where cameras have none: no pictures at all, and their topics. `namespace` is where the cameras'
    driver stood.

    A row gets the newest picture that is not younger than itself (the first one before that).
    """
    spans = {}
    topics = [resolved(camera.topic, namespace) for camera in contract.cameras]
    if lacks := [topic for topic in topics if next(messages_of(bag, topic), None) is None]:
        return {}, lacks
    for camera, topic in zip(contract.cameras, topics, strict=True):
        pictures = _timed(bag, topic)
        first = next(pictures)
        file = folder / f'{camera.key}_{number:06d}.mp4'
        spans[key_of(camera.key)] = _film(file, camera, contract.rate_hz, first, pictures,
                                          stamps_ns)
    return spans, []


def _film(file: Path, camera: Camera, rate_hz: float, first, pictures, stamps_ns) -> VideoSpan:
    height, width = (side - side % 2 for side in first[1].shape[:2])  # yuv420p is even
    rate = Fraction(rate_hz).limit_denominator(1000)
    every, sampled = max(1, len(stamps_ns) // _SAMPLED), []
    with ExitStack() as stack:
        container = stack.enter_context(av.open(str(file), 'w', format='mp4'))
        stream = container.add_stream(_CODEC, rate=rate, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = width, height, _PIXELS
        for row, picture in enumerate(_per_row(first, pictures, stamps_ns)):
            if picture.shape != first[1].shape:
                raise DatasetError(f"the pictures of camera '{camera.key}' change their size from "
                                   f'{first[1].shape} to {picture.shape}; import without pictures '
                                   '(--no-videos)')
            pixels = np.ascontiguousarray(picture[:height, :width])
            if row % every == 0:
                sampled.append(pixels[::4, ::4])
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts, frame.time_base = row, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return VideoSpan(file, 0.0, len(stamps_ns) / rate_hz,
                     feature(height, width, rate_hz, 'h264', _PIXELS), picture_stats(sampled))


def _per_row(first, pictures, stamps_ns) -> Iterator[np.ndarray]:
    """Yield one picture per row; pictures are (stamp, pixels) in the order of receipt."""
    present, coming = first, next(pictures, None)
    for stamp in stamps_ns:
        while coming is not None and coming[0] <= stamp:
            present, coming = coming, next(pictures, None)
        yield present[1]


def _timed(bag: Path, topic: str) -> Iterator[tuple[int, np.ndarray]]:
    for received_ns, message in messages_of(bag, topic):
        try:
            pixels = picture_of(message)
        except (ValueError, AttributeError) as error:
            raise DatasetError(f'{bag.name}: {topic}: {error}; import without pictures '
                               '(--no-videos)') from error
        yield stamp_ns(message) or received_ns, pixels
