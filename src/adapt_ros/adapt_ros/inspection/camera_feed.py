"""The frames of a camera: the newest one, when it came, how many were missed."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from adapt_ros import qos
from adapt_ros.codecs import stamp_ns
from adapt_ros.inspection.encodings import pixels_of

_RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
_KEPT, _ENOUGH = 30, 10
# A camera is regular if nearly all periods are within this share of the middle one.
_REGULAR, _NEARLY = 0.3, 0.7


@dataclass
class CameraFrame:
    """One message of the camera."""

    message: Image | CompressedImage
    stamp_ns: int
    """By the camera; 0: it does not stamp."""
    received_ns: int
    """On the steady clock."""
    received_stamp_ns: int
    """On the node's clock."""
    used: bool = False
    """Whether a trigger has had it; each frame serves one."""

    @cached_property
    def pixels(self) -> np.ndarray:
        """Return the pixels; raises PictureError."""
        return pixels_of(self.message)

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height; (0, 0) for a compressed frame that was not decoded."""
        if isinstance(self.message, Image):
            return self.message.width, self.message.height
        if 'pixels' in self.__dict__:
            return self.pixels.shape[1], self.pixels.shape[0]
        return 0, 0


class MissedFrames:
    """
    How many frames were missed, by the gaps between stamps of a regular camera.

    A subscription of depth 1 replaces what has not been taken, and says nothing of it.
    """

    def __init__(self):
        self.count = 0
        self._last_ns = 0
        self._periods: deque[int] = deque(maxlen=_KEPT)

    @property
    def rate_hz(self) -> float:
        """Return the rate of a regular camera; NaN where it is not, or not known yet."""
        middle = self._regular_period()
        return 1e9 / middle if middle else float('nan')

    def add(self, stamp_ns: int) -> None:
        """Take the stamp of the next frame."""
        gap, self._last_ns = stamp_ns - self._last_ns, stamp_ns
        if gap == stamp_ns or gap <= 0:
            return
        middle = self._regular_period()
        if middle and gap > 1.6 * middle:
            self.count += round(gap / middle) - 1
        self._periods.append(gap)

    def _regular_period(self) -> int:
        if len(self._periods) < _ENOUGH:
            return 0
        periods = np.array(self._periods)
        middle = np.median(periods)
        regular = np.abs(periods - middle) < _REGULAR * middle
        return int(middle) if regular.mean() >= _NEARLY else 0


class CameraFeed:
    """Listens to a camera and hands every frame on."""

    def __init__(self, node: Node, topic: str, compressed: bool, reliable: bool,
                 on_frame: Callable[[CameraFrame], None]):
        self._node = node
        self._on_frame = on_frame
        self.newest: CameraFrame | None = None
        self.received = 0
        self.missed = MissedFrames()
        self.listens_since_ns = time.monotonic_ns()
        self._subscription = node.create_subscription(
            CompressedImage if compressed else Image, topic, self._on_message,
            _RELIABLE if reliable else qos.SENSOR_IN)

    @property
    def topic(self) -> str:
        """Return the whole name of the topic."""
        return self._subscription.topic_name

    def destroy(self) -> None:
        """Listen no longer."""
        self._node.destroy_subscription(self._subscription)

    def silent_s(self) -> float:
        """Return how long nothing has come [s]."""
        last = self.newest.received_ns if self.newest else self.listens_since_ns
        return (time.monotonic_ns() - last) * 1e-9

    def hint(self) -> str:
        """Say what may be the matter with a silent camera."""
        publishers = self._node.count_publishers(self.topic)
        if not publishers:
            return f'nobody publishes {self.topic}: is the camera running, is the topic right?'
        return (f'{self.topic} has a publisher and sends nothing that fits: is the camera at work? '
                'Do message type (compressed) and reliability (camera_reliable) fit?')

    def _on_message(self, message: Image | CompressedImage) -> None:
        frame = CameraFrame(message, stamp_ns(message), time.monotonic_ns(),
                            self._node.get_clock().now().nanoseconds)
        self.received += 1
        self.missed.add(frame.stamp_ns or frame.received_ns)
        self.newest = frame
        self._on_frame(frame)
