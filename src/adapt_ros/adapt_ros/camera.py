"""Camera pictures as sensor_msgs: Image and CameraInfo on the contract's topics."""

import math
from collections.abc import Callable

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from adapt_learning.frames.contract import Camera
from adapt_ros.codecs import set_stamp

# Vertical field of view of MuJoCo's free camera [rad].
_FIELD_OF_VIEW = math.radians(45.0)
# Deep enough that a listener which encodes video keeps up with a simulation in lockstep.
PROFILE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


class CameraWriter:
    """Publishes pictures at the camera's rate while somebody listens; rendering costs time."""

    def __init__(self, node: Node, camera: Camera, control_rate_hz: float):
        self._node = node
        self._camera = camera
        self._period_ns = round(1e9 / min(camera.rate_hz, control_rate_hz))
        self._last_ns = -self._period_ns
        self._image = node.create_publisher(Image, camera.topic, PROFILE)
        self._info = node.create_publisher(CameraInfo, camera.info_topic, PROFILE)
        self._broken = self._ready = False

    def destroy(self) -> None:
        """Remove the publishers from the host."""
        self._node.destroy_publisher(self._image)
        self._node.destroy_publisher(self._info)

    def prepare(self, picture: Callable[[], np.ndarray]) -> None:
        """Render once if somebody listens: the first picture takes far longer than the others."""
        if not self._ready and not self._broken and self._image.get_subscription_count():
            self._render(picture)

    def write(self, picture: Callable[[], np.ndarray], stamp: int) -> None:
        """Publish a picture if one is due and wanted; `picture` renders uint8 [H, W, 3]."""
        if self._broken or stamp - self._last_ns < 0.9 * self._period_ns:
            return
        if not self._image.get_subscription_count():
            return
        pixels = self._render(picture)
        if pixels is None:
            return
        self._last_ns = stamp
        self._image.publish(image_message(pixels, stamp, self._camera.frame_id))
        self._info.publish(self._info_message(pixels.shape, stamp))

    def _render(self, picture: Callable[[], np.ndarray]) -> np.ndarray | None:
        try:
            pixels = picture()
        except Exception as error:  # the renderer raises whatever its GL library raises
            self._broken = True
            self._node.get_logger().warning(
                f'no camera pictures: rendering failed ({error}); run `adapt doctor`')
            return None
        self._ready = True
        return pixels

    def _info_message(self, shape: tuple[int, ...], stamp: int) -> CameraInfo:
        height, width = shape[:2]
        focal = 0.5 * height / math.tan(0.5 * _FIELD_OF_VIEW)
        cx, cy = 0.5 * width, 0.5 * height
        message = CameraInfo(height=height, width=width, distortion_model='plumb_bob')
        message.header.frame_id = self._camera.frame_id
        set_stamp(message, stamp)
        message.d = [0.0] * 5
        message.k = [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0]
        message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        message.p = [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
        return message


def image_message(pixels: np.ndarray, stamp: int, frame_id: str) -> Image:
    """Return an rgb8 Image of uint8 [H, W, 3] pixels."""
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding='rgb8',
                    step=pixels.shape[1] * 3)
    message.header.frame_id = frame_id
    set_stamp(message, stamp)
    # Assigning a bytearray-backed array skips the element-wise check of rclpy's setter.
    message._data = _as_array(pixels)
    return message


def _as_array(pixels: np.ndarray):
    import array
    return array.array('B', pixels.tobytes())


def picture_of(message: Image) -> np.ndarray:
    """Return the pixels of an rgb8 or bgr8 Image, uint8 [H, W, 3]; rows may be padded."""
    if message.encoding not in ('rgb8', 'bgr8'):
        raise ValueError(f'rgb8 and bgr8 pictures are read; got {message.encoding}')
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    pixels = rows[:, :message.width * 3].reshape(message.height, message.width, 3)
    return pixels[..., ::-1] if message.encoding == 'bgr8' else pixels
