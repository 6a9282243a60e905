"""Films of episodes: h264 in mp4, with number and outcome in the picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from adapt_learning.data.files import write_atomically
from adapt_learning.tasks.base import Task

_HOLD_S = 0.8
"""The last picture of an episode stays this long, so that the outcome can be read."""
_GREEN, _RED, _WHITE = (0, 158, 115), (213, 94, 0), (255, 255, 255)


class VideoFailed(RuntimeError):
    """Rendering or encoding does not work on this machine; the message says what to do."""


@dataclass(frozen=True)
class Clip:
    """The pictures of one episode."""

    pictures: Sequence[np.ndarray]
    """uint8 [height, width, 3] each, RGB, equal sizes."""
    caption: str
    success: bool | None = None
    """Outcome, shown at the end; None: not known."""


def picture_of(task: Task) -> np.ndarray:
    """Return a picture of a task, uint8 [height, width, 3]; VideoFailed where none can be made."""
    try:
        return task.render()
    except Exception as error:  # every OpenGL platform raises its own unrelated classes
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise VideoFailed(
            f'MuJoCo cannot render on this machine ({reason}); `adapt doctor` names what is '
            'missing, usually apt-get install libegl1 libgl1') from error


def write_video(path: str | Path, clips: Iterable[Clip], rate_hz: float) -> None:
    """
    Write the clips one after the other; the file appears at the end, whole.

    Raises VideoFailed where the encoder does not work or there is no picture.
    """
    path = Path(path).absolute()
    try:
        # The encoder takes the form of the file from its name.
        write_atomically(path, lambda temporary: _encode(temporary, clips, rate_hz))
    except (ImportError, ValueError, _av_error()) as error:
        raise VideoFailed(f'{path} could not be written: {error}') from error


def _av_error() -> type[Exception]:
    try:
        from av.error import FFmpegError
    except ImportError:
        return ValueError
    return FFmpegError


def _encode(path: Path, clips: Iterable[Clip], rate_hz: float) -> None:
    import av
    rate = Fraction(rate_hz).limit_denominator(1000)
    with av.open(str(path), 'w', format='mp4', options={'movflags': 'faststart'}) as container:
        stream = None
        for clip in clips:
            for picture in _labelled(clip, rate_hz):
                height, width = (side - side % 2 for side in picture.shape[:2])  # yuv420p is even
                if stream is None:
                    stream = container.add_stream('libx264', rate=rate, options={'crf': '23'})
                    stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
                frame = av.VideoFrame.from_ndarray(
                    np.ascontiguousarray(picture[:height, :width]), format='rgb24')
                container.mux(stream.encode(frame))
        if stream is None:
            raise ValueError('there is no picture to film')
        container.mux(stream.encode())


def _labelled(clip: Clip, rate_hz: float) -> Iterable[np.ndarray]:
    picture = None
    for picture in clip.pictures:
        yield _write_on(picture, clip.caption, _WHITE)
    if picture is None:
        return
    words, colour = {True: ('success', _GREEN), False: ('failure', _RED),
                     None: ('', _WHITE)}[clip.success]
    last = _write_on(picture, f'{clip.caption}  {words}', _WHITE, colour)
    for _ in range(round(_HOLD_S * rate_hz)):
        yield last


def _write_on(picture: np.ndarray, text: str, colour: tuple[int, int, int],
              band: tuple[int, int, int] | None = None) -> np.ndarray:
    """Return a copy with a caption on a dark (or coloured) band at its lower edge."""
    import cv2
    result = np.array(picture)
    height, width = result.shape[:2]
    scale = max(0.35, min(width / 640, height / 480) * 0.7)
    rows = round(40 * scale)
    result[-rows:] = band if band is not None else result[-rows:] // 4
    cv2.putText(result, text, (round(10 * scale), height - round(13 * scale)),
                cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)
    return result
