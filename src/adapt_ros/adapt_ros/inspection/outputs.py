"""What goes out beside the verdict: map, heat map, archive."""

from functools import partial

import numpy as np
from adapt_msgs.msg import InspectionVerdict
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from adapt_learning.errors import PictureError
from adapt_learning.inspection import Result, Verdict
from adapt_learning.inspection.archive import ResultArchive
from adapt_learning.inspection.heatmap import heat_map
from adapt_learning.inspection.pictures import encode_png, to_rgb
from adapt_ros.camera import image_message
from adapt_ros.codecs import set_stamp, stamp_ns
from adapt_ros.inspection.camera_feed import CameraFrame

_PICTURES = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class Pictures:
    """The raw map (32FC1) and the heat map (rgb8) as topics; made only while somebody listens."""

    def __init__(self, node: Node, map_topic: str, heat_topic: str):
        self._map = node.create_publisher(Image, map_topic, _PICTURES)
        self._heat = node.create_publisher(Image, heat_topic, _PICTURES)
        self._undo = [partial(node.destroy_publisher, self._map),
                      partial(node.destroy_publisher, self._heat)]

    def destroy(self) -> None:
        """Remove both from the host."""
        for undo in self._undo:
            undo()

    def publish(self, result: Result, verdict: InspectionVerdict, frame: CameraFrame) -> None:
        """Publish the pictures of a judged frame, with its stamp."""
        if result.map is None:
            return
        if self._map.get_subscription_count():
            self._map.publish(_map_message(result.map, verdict))
        if self._heat.get_subscription_count():
            self._heat.publish(image_message(
                heat_map(result.map, result.map_threshold, frame.pixels), stamp_ns(verdict),
                verdict.header.frame_id))


def _map_message(values: np.ndarray, verdict: InspectionVerdict) -> Image:
    values = np.ascontiguousarray(values, '<f4')
    message = Image(height=values.shape[0], width=values.shape[1], encoding='32FC1',
                    step=values.shape[1] * 4)
    message.header.frame_id = verdict.header.frame_id
    set_stamp(message, stamp_ns(verdict))
    message.data = values.tobytes()
    return message


class Keeper:
    """Puts results into the archive, if there is one."""

    def __init__(self, archive: ResultArchive | None, pictures: str):
        self.archive = archive
        self._pictures = pictures

    def keep(self, result: Result, verdict: InspectionVerdict, frame: CameraFrame | None) -> None:
        """Keep a result; what a disk does raises nothing."""
        if self.archive is None:
            return
        self.archive.add({
            'sequence': verdict.sequence, 'part_id': verdict.part_id,
            'captured_ns': stamp_ns(verdict),
            'triggered_ns': _ns(verdict.triggered), 'done_ns': _ns(verdict.done),
            **result.as_dict(),
            'recipe': verdict.recipe, 'recipe_hash': verdict.recipe_hash,
            'detector': verdict.detector, 'detector_hash': verdict.detector_hash,
        }, self._picture(result, frame))

    def _picture(self, result: Result, frame: CameraFrame | None) -> bytes | None:
        wanted = self._pictures == 'all' or (
            self._pictures == 'not_ok' and result.verdict != Verdict.OK)
        if frame is None or not wanted:
            return None
        try:
            pixels = frame.pixels
            return encode_png(pixels if pixels.ndim == 2 else to_rgb(pixels))
        except PictureError:
            return None  # the frame is what could not be read


def _ns(stamp) -> int:
    return stamp.sec * 1_000_000_000 + stamp.nanosec
