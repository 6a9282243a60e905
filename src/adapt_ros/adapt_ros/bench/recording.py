"""
What recording costs: demo_recorder beside a robot of fetch_robot and a camera.

The sensors and commands of the contract come at 25 Hz, a picture of 320 x 240 at 30 Hz; what was
sent between the first and the last message of a topic and is not in the bag counts as lost.

    python -m adapt_ros.bench.recording FILE [SECONDS]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rclpy
from adapt_msgs.msg import RecorderStatus
from adapt_msgs.srv import SaveRecording, StartRecording
from rclpy.executors import SingleThreadedExecutor
from rosbags.highlevel import AnyReader
from sensor_msgs.msg import Image

from adapt_learning.data.files import write_json
from adapt_learning.frames import load_contract
from adapt_learning.frames.messages import STAMPED
from adapt_ros import qos
from adapt_ros.bags import typestore
from adapt_ros.bench.latency import process
from adapt_ros.bridge import CommandWriter, ObservationWriter
from adapt_ros.camera import PROFILE, image_message
from adapt_ros.codecs import set_stamp, stamp_ns

_CONTRACT, _CAMERA, _CAMERA_HZ, _SIZE = 'fetch_robot', 'camera/image_raw', 30.0, (240, 320, 3)


class Robot:
    """Publishes everything and counts it."""

    def __init__(self):
        self.node = rclpy.create_node('recorded_robot')
        self.contract = load_contract(_CONTRACT)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.instants: list[int] = []
        self.pictures: list[int] = []
        """Stamps [ns] of what was sent."""
        self.status = RecorderStatus()
        self._observations = ObservationWriter(self.node, self.contract)
        self._commands = CommandWriter(self.node, self.contract)
        self._camera = self.node.create_publisher(Image, _CAMERA, PROFILE)
        self.node.create_subscription(
            RecorderStatus, '/demo_recorder/status', self._on_status, qos.LATCHED)
        pixels = np.random.default_rng(0).integers(0, 256, _SIZE, dtype=np.uint8)
        self._picture = image_message(pixels, 0, 'camera')
        self._raw = {f.key: np.full(f.raw_size or f.size, 0.1)
                     for f in self.contract.observation if f.derive is None}
        self._command = {f.key: np.zeros(f.size) for f in self.contract.action}
        self.node.create_timer(1 / self.contract.rate_hz, self._instant)
        self.node.create_timer(1 / _CAMERA_HZ, self._take_picture)

    def _on_status(self, status: RecorderStatus) -> None:
        self.status = status

    def _instant(self) -> None:
        stamp = self.node.get_clock().now().nanoseconds
        self._observations.write(self._raw, stamp, begin=True)
        self._commands.write(self._command, stamp)
        self.instants.append(stamp)

    def _take_picture(self) -> None:
        stamp = self.node.get_clock().now().nanoseconds
        set_stamp(self._picture, stamp)
        self._camera.publish(self._picture)
        self.pictures.append(stamp)

    def turn(self, seconds: float) -> None:
        """Let everything happen for some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)

    def call(self, kind: type, name: str):
        """Call a service of the recorder while the robot goes on."""
        client = self.node.create_client(kind, f'/demo_recorder/{name}')
        while not client.service_is_ready():
            self.turn(0.05)
        future = client.call_async(kind.Request())
        while not future.done():
            self.turn(0.01)
        return future.result()


def cpu_s(pid: int) -> float:
    """Return the processor time of a process so far [s], all threads."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def count(bag: Path, robot: Robot) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many messages of each stamped topic were recorded, and how many were lost."""
    stamps: dict[str, list[int]] = {}
    with AnyReader([bag], default_typestore=typestore()) as reader:
        wanted = [c for c in reader.connections if c.msgtype in STAMPED or c.topic == f'/{_CAMERA}']
        for connection, _, data in reader.messages(wanted):
            stamp = stamp_ns(reader.deserialize(data, connection.msgtype))
            stamps.setdefault(connection.topic, []).append(stamp)
    lost = {}
    for topic, found in stamps.items():
        sent = robot.pictures if topic == f'/{_CAMERA}' else robot.instants
        # The goal at the begin is older than the recording.
        first = sorted(found)[1]
        lost[topic] = len({s for s in sent if first <= s <= found[-1]} - set(found))
    return {topic: len(found) for topic, found in stamps.items()}, lost


def main(file: str, seconds: str = '20') -> None:
    """Measure and store."""
    rclpy.init()
    robot = Robot()
    with tempfile.TemporaryDirectory() as folder:
        words = {'folder': folder, 'contract': _CONTRACT, 'extra_topics': _CAMERA,
                 'autostart': 'true', 'min_free_disk': '0.0', 'warn_free_disk': '0.0'}
        parameters = [word for pair in words.items() for word in ('-p', ':='.join(pair))]
        with process(sys.executable, '-m', 'adapt_ros.nodes.demo_recorder', '--ros-args',
                     *parameters) as child:
            while len([t for t in robot.status.topics if t.messages]) < 7:
                robot.turn(0.1)
            robot.turn(2.0)
            answer = robot.call(StartRecording, 'start')
            cpu, began = cpu_s(child.pid), time.monotonic()
            robot.turn(float(seconds))
            used, lasted = cpu_s(child.pid) - cpu, time.monotonic() - began
            robot.call(SaveRecording, 'save')
        bag = Path(folder) / answer.bag
        size = sum(path.stat().st_size for path in bag.iterdir())
        recorded, lost = count(bag, robot)
    result = {
        'command': 'make bench', 'contract': _CONTRACT, 'seconds': lasted,
        'cores': os.cpu_count(), 'camera': f'{_SIZE[1]} x {_SIZE[0]} rgb8 at {_CAMERA_HZ:g} Hz',
        'cpu_percent_of_one_core': 100 * used / lasted, 'megabytes_per_second': size / lasted / 1e6,
        'recorded': recorded, 'lost': lost}
    print(f'{result["cpu_percent_of_one_core"]:.1f} % of one core, '
          f'{result["megabytes_per_second"]:.1f} MB/s; recorded {recorded}, lost {lost}')
    write_json(Path(file).absolute(), result)
    rclpy.try_shutdown()


if __name__ == '__main__':
    main(*sys.argv[1:3])
