"""A camera in front of inspection_node, and what the node says."""

import array
from pathlib import Path
from typing import Any

import numpy as np
from adapt_msgs.action import FitRecipe, InspectPart
from adapt_msgs.msg import InspectionState, InspectionVerdict
from adapt_msgs.srv import TriggerInspection
from bench import Bench, activate
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.action import ActionClient
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String
from tiny_detector import make_detector, surface

from adapt_learning.inspection import FitSettings, Inspector, fit_recipe, write_recipe
from adapt_learning.inspection.fit import picture_of_pixels
from adapt_ros import qos
from adapt_ros.nodes.inspection_node import InspectionNode

REFERENCES = 8


def image(pixels: np.ndarray, encoding: str = 'mono8') -> Image:
    """Return a message of whole rows, little-endian."""
    pixels = np.ascontiguousarray(pixels)
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding,
                    step=pixels.nbytes // pixels.shape[0])
    message.data = array.array('B', pixels.tobytes())
    message.header.frame_id = 'camera_optical_frame'
    return message


def value_of(status: DiagnosticStatus, key: str) -> str:
    """Return a value of a diagnostic status."""
    return next(one.value for one in status.values if one.key == key)


def write_recipes(folder: Path) -> None:
    """Write a small detector and recipes for it, `weave` and `other`, unless they are there."""
    if (folder / 'detector').exists():
        return
    make_detector(folder / 'detector')
    inspector = Inspector(folder / 'detector')
    for name, count in (('weave', REFERENCES), ('other', 4)):
        write_recipe(folder / 'recipes' / name, *fit_recipe(
            inspector, [picture_of_pixels(surface(i), f'{i}.png') for i in range(count)],
            name, settings=FitSettings(false_reject=0.2)))


class InspectionLine:
    """Owns a camera in front of inspection_node, wherever that runs, and ears for everything."""

    def __init__(self, bench: Bench, compressed: bool = False):
        self.bench = bench
        self.verdicts: list[InspectionVerdict] = []
        self.states: list[InspectionState] = []
        self.diagnostics: dict[str, Any] = {}
        self.helper = bench.helper('line')
        name = f'{bench.namespace}/inspection_node'
        self.helper.create_subscription(InspectionVerdict, f'{name}/verdict',
                                        self.verdicts.append, qos.LINES)
        self.helper.create_subscription(InspectionState, f'{name}/state', self.states.append,
                                        qos.LATCHED_IN)
        self.helper.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        kind = CompressedImage if compressed else Image
        self.camera = self.helper.create_publisher(kind, 'camera/image_raw',
                                                   qos_profile_sensor_data)
        self.topic = self.helper.create_publisher(String, f'{name}/trigger', qos.LINES)
        self.part = ActionClient(self.helper, InspectPart, f'{name}/inspect')
        self.fit = ActionClient(self.helper, FitRecipe, f'{name}/fit_recipe')
        self.feedback: list = []

    def connect(self) -> None:
        """Wait until both sides have found each other."""
        name = f'{self.bench.namespace}/inspection_node'
        self.bench.until(lambda: self.camera.get_subscription_count() and self.states
                         and self.topic.get_subscription_count()
                         and self.helper.count_publishers(f'{name}/verdict'), 'discovery')

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(self.bench.namespace[1:] + '/'):
                self.diagnostics[status.name.rpartition(': ')[2]] = status

    @property
    def state(self) -> InspectionState:
        """Return the newest state."""
        return self.states[-1]

    def now_ns(self) -> int:
        """Return the time on the clock of the camera."""
        return self.helper.get_clock().now().nanoseconds

    def show(self, pixels: np.ndarray | Image | CompressedImage, age_s: float = 0.0) -> None:
        """Publish a frame that was taken so long ago."""
        message = image(pixels) if isinstance(pixels, np.ndarray) else pixels
        stamp = self.now_ns() - round(age_s * 1e9)
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
        self.camera.publish(message)

    def trigger(self, part_id: str = '') -> TriggerInspection.Response:
        """Trigger by service."""
        return self.bench.call(TriggerInspection, 'inspection_node/trigger_inspection',
                               part_id=part_id)

    def next_verdict(self, before: int | None = None) -> InspectionVerdict:
        """Wait for one more verdict than `before` (default: than now) and return the newest."""
        before = len(self.verdicts) if before is None else before
        self.bench.until(lambda: len(self.verdicts) > before, 'a verdict')
        return self.verdicts[-1]

    def inspect(self, pixels, part_id: str = '', age_s: float = 0.0) -> InspectionVerdict:
        """Trigger by service, show the part and return the verdict."""
        before = len(self.verdicts)
        answer = self.trigger(part_id)
        assert answer.status == answer.ACCEPTED, answer.message
        self.show(pixels, age_s)
        return self.next_verdict(before)

    def send(self, client: ActionClient, goal: Any):
        """Send a goal and return its handle."""
        self.bench.until(client.server_is_ready, 'the action server')
        return self.bench.answer(client.send_goal_async(
            goal, feedback_callback=lambda message: self.feedback.append(message.feedback)))

    def result(self, handle):
        """Return (status, result) of a goal."""
        answer = self.bench.answer(handle.get_result_async())
        return answer.status, answer.result

    def diagnosed(self, part: str):
        """Return the next diagnostics of a part."""
        self.diagnostics.pop(part, None)
        self.bench.until(lambda: part in self.diagnostics, f'diagnostics of {part}')
        return self.diagnostics[part]


class InspectionBench(InspectionLine):
    """Owns a node under test too, with recipes of a small detector."""

    def __init__(self, bench: Bench, folder: Path, recipe: str = 'weave', **parameters: Any):
        write_recipes(folder)
        self.recipes = folder / 'recipes'
        parameters = {'recipe': recipe, 'recipes': str(self.recipes),
                      'detector': str(folder / 'detector'), 'frame_timeout': 5.0,
                      'camera_timeout': 0.0} | parameters
        self.node = bench.node(InspectionNode, **parameters)
        super().__init__(bench, parameters.get('compressed', False))
        activate(self.node)
        self.connect()
