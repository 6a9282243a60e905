"""
Verdicts per second of inspection_node, against the bare Examiner in one process.

The node runs in a process of its own and inspects every frame (free run). Two frames are on their
way at any time, so that it never waits for one. Node and Examiner judge the same pictures with the
same recipe, in turns; scores that differ end the measurement.

    python -m adapt_ros.bench.inspection FOLDER [SECONDS [ROUNDS]]

stores ros_inspection.json and ros_inspection.md in FOLDER. It takes about a minute and a half.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from adapt_msgs.msg import InspectionVerdict
from sensor_msgs.msg import Image

from adapt_learning.data.files import write_atomically, write_json
from adapt_learning.inspection import (
    Examiner,
    FitSettings,
    Inspector,
    fit_recipe,
    load_recipe,
    write_recipe,
)
from adapt_learning.inspection.detector import SHIPPED_DETECTOR, detector_folder
from adapt_learning.inspection.fit import picture_of_pixels
from adapt_learning.surfaces import Surface
from adapt_ros import qos
from adapt_ros.bench.latency import process
from adapt_ros.bench.recording import cpu_s
from adapt_ros.camera import PROFILE, image_message
from adapt_ros.codecs import stamp_ns
from adapt_ros.lifecycle import make_executor

DETECTOR = SHIPPED_DETECTOR
SURFACE, REFERENCES, SIDE_PX, PICTURES = 'granite', 8, 256, 32
_NAME, _THREADS, _AIM = 'ros_inspection', (1, 2), 20.0
_ON_THEIR_WAY, _PATIENCE_S, _START_S = 2, 5.0, 60.0
# So long after a verdict the node has taken the frame that waited; sooner, a new one replaces it.
_TAKEN_S = 0.005


@dataclass
class Turn:
    """What one side did while it had its turn."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Of the node: from frame to verdict, as the verdict says. Of the Examiner: per picture [s]."""
    trips: list[float] = field(default_factory=list)
    """Of the node: from publishing a frame to hearing its verdict, with the wait for the frame
    before it [s]."""
    scores: dict[int, set[float]] = field(default_factory=dict)
    """{picture: scores}."""
    replaced: int = 0
    """Frames that the next one overtook before the node had taken them."""

    @property
    def count(self) -> int:
        """Return how many pictures were judged."""
        return len(self.latencies)

    def add(self, picture: int, score: float, latency: float) -> None:
        """Count a picture."""
        self.latencies.append(latency)
        self.scores.setdefault(picture, set()).add(score)


class Camera:
    """Shows pictures to the node as fast as it takes them."""

    def __init__(self, pictures: Sequence[np.ndarray], namespace: str = ''):
        self._pictures = pictures
        self._node = rclpy.create_node('bench_camera', namespace=namespace)
        self._executor = make_executor()
        self._executor.add_node(self._node)
        self._frames = self._node.create_publisher(Image, 'camera/image_raw', PROFILE)
        self._node.create_subscription(
            InspectionVerdict, 'inspection_node/verdict', self._on_verdict, qos.LINES)
        self._shown = 0
        self._waiting: dict[int, tuple[int, float]] = {}
        """{stamp: (picture, when it was published)}; in order."""
        self._turn = Turn()
        self._problem = ''

    def close(self) -> None:
        """Leave."""
        self._executor.remove_node(self._node)
        self._executor.shutdown()
        self._node.destroy_node()

    def wait_for_node(self) -> None:
        """Show pictures until a verdict comes: it is up, and warm."""
        self._until(lambda: self._frames.get_subscription_count() and
                    self._node.count_publishers(f'{self._node.get_namespace().rstrip("/")}'
                                                '/inspection_node/verdict'), _START_S)
        end = time.monotonic() + _START_S
        while not self._turn.count and time.monotonic() < end:
            self._show()
            self._until(lambda: self._turn.count, 1.0)
        if not self._turn.count:
            raise SystemExit(f'inspection_node gave no verdict within {_START_S:g} s')
        self._until(lambda: not self._waiting, _PATIENCE_S)

    def turn(self, seconds: float, cpu: Callable[[], float]) -> Turn:
        """Show pictures for some time; `cpu` tells the processor time of the node so far [s]."""
        self._waiting.clear()
        self._turn = turn = Turn()
        before, begin = cpu(), time.monotonic()
        last = begin
        while time.monotonic() - begin < seconds:
            taken = time.monotonic() - last > _TAKEN_S
            while not self._waiting or (taken and len(self._waiting) < _ON_THEIR_WAY):
                self._show()
            count = turn.count
            self._executor.spin_once(timeout_sec=0.05 if taken else _TAKEN_S)
            if self._problem:
                raise SystemExit(self._problem)
            if turn.count > count:
                last = time.monotonic()
            elif time.monotonic() - last > _PATIENCE_S:
                raise SystemExit(f'inspection_node gave no verdict for {_PATIENCE_S:g} s')
        turn.seconds, turn.cpu_s = time.monotonic() - begin, cpu() - before
        self._until(lambda: not self._waiting, _PATIENCE_S)
        return turn

    def _show(self) -> None:
        number = self._shown % len(self._pictures)
        self._shown += 1
        stamp = self._node.get_clock().now().nanoseconds
        self._waiting[stamp] = number, time.monotonic()
        self._frames.publish(image_message(self._pictures[number], stamp, 'bench'))

    def _on_verdict(self, verdict: InspectionVerdict) -> None:
        found = stamp_ns(verdict)
        if found not in self._waiting:
            return
        if verdict.verdict == InspectionVerdict.INVALID:
            self._problem = f'inspection_node did not judge a frame: {verdict.text}'
        for stamp in [one for one in self._waiting if one < found]:
            del self._waiting[stamp]
            self._turn.replaced += 1
        number, published_s = self._waiting.pop(found)
        self._turn.trips.append(time.monotonic() - published_s)
        self._turn.add(number, verdict.score, verdict.latency)

    def _until(self, condition: Callable[[], Any], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            self._executor.spin_once(timeout_sec=0.05)


def pictures() -> list[np.ndarray]:
    """Return drawn pictures of good parts, uint8 RGB, none of them a reference."""
    surface = Surface(SURFACE, 0, SIDE_PX)
    return [surface.good(REFERENCES + i) for i in range(PICTURES)]


def make_recipe(folder: Path) -> Path:
    """Make a recipe of drawn references below a folder and return where it lies."""
    surface = Surface(SURFACE, 0, SIDE_PX)
    references = [picture_of_pixels(surface.good(i), f'{i}.png') for i in range(REFERENCES)]
    write_recipe(folder / SURFACE, *fit_recipe(
        Inspector(detector_folder(DETECTOR)), references, SURFACE,
        settings=FitSettings(false_reject=0.2)))
    return folder / SURFACE


def examine(examiner: Examiner, shown: Sequence[np.ndarray], seconds: float) -> Turn:
    """Judge pictures in this process for some time."""
    turn, cpu, begin = Turn(), time.process_time(), time.monotonic()
    while (now := time.monotonic()) - begin < seconds:
        number = turn.count % len(shown)
        score = examiner.examine(shown[number]).score
        turn.add(number, score, time.monotonic() - now)
    turn.seconds, turn.cpu_s = time.monotonic() - begin, time.process_time() - cpu
    return turn


def measure(recipe: Path, threads: int, seconds: float, rounds: int,
            namespace: str = '') -> dict[str, Any]:
    """
    Return a row: node and Examiner in turns of some seconds each.

    rclpy is up already. Raises SystemExit where the node does not come up, does not judge a frame,
    or gives a picture another score than the Examiner.
    """
    shown = pictures()
    examiner = Examiner(Inspector(detector_folder(DETECTOR), threads), load_recipe(recipe))
    examiner.warm_up()
    parameters = {'recipe': recipe, 'detector': DETECTOR, 'threads': threads, 'free_run': 'true',
                  # A machine that is loaded with other work is slow, and not wrong.
                  'max_frame_age': '0.0', 'autostart': 'true'}
    words = [word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')]
    camera, nodes, bares = Camera(shown, namespace), [], []
    try:
        with process(sys.executable, '-m', 'adapt_ros.nodes.inspection_node', '--ros-args', '-r',
                     f'__ns:={namespace or "/"}', *words) as child:
            camera.wait_for_node()
            for _ in range(rounds):
                bares.append(examine(examiner, shown, seconds))
                nodes.append(camera.turn(seconds, lambda: cpu_s(child.pid)))
    finally:
        camera.close()
    for number in range(len(shown)):
        scores = set().union(*(one.scores.get(number, set()) for one in (*nodes, *bares)))
        if len(scores) > 1:
            raise SystemExit(f'picture {number} got different scores: {sorted(scores)}')
    node, bare = _summary(nodes), _summary(bares)
    trips = np.concatenate([one.trips for one in nodes]) * 1e3
    node |= {'trip_p50_ms': float(np.percentile(trips, 50)),
             'trip_p95_ms': float(np.percentile(trips, 95)),
             'replaced': sum(one.replaced for one in nodes)}
    return {'threads': threads, 'inspection_node': node, 'examiner': bare,
            'ratios': [(one.count / one.seconds) / (other.count / other.seconds)
                       for one, other in zip(nodes, bares, strict=True)],
            'cpu_ratio': node['cpu_s_per_picture'] / bare['cpu_s_per_picture']}


def _summary(turns: Sequence[Turn]) -> dict[str, Any]:
    count, seconds = (sum(getattr(one, name) for one in turns) for name in ('count', 'seconds'))
    latencies = np.concatenate([one.latencies for one in turns]) * 1e3
    return {'verdicts': count, 'seconds': seconds, 'verdicts_per_s': count / seconds,
            'latency_p50_ms': float(np.percentile(latencies, 50)),
            'latency_p95_ms': float(np.percentile(latencies, 95)),
            'cpu_s_per_picture': sum(one.cpu_s for one in turns) / count}


def _page(result: dict[str, Any]) -> Iterator[str]:
    yield '# Speed of inspection_node\n'
    yield f'Made by `{result["command"]}`; nothing is typed by hand.\n'
    yield (f'The shipped {result["detector"]}, a recipe of {result["references"]} references (a '
           f'drawn surface, {result["surface"]}), pictures of {result["size_px"]} x '
           f'{result["size_px"]} pixels in free run, as fast as they are taken. *Examiner*: the '
           'same pictures in one process without ROS, in turns with the node; the scores are the '
           'same to the bit. Latency: from the frame to its verdict, in the node; *trip*: from '
           'publishing the frame to hearing the verdict, while the frame before it is judged.\n')
    yield ('| threads | verdicts/s | Examiner pictures/s | ratio (median of rounds) | latency p50, '
           "p95 [ms] | trip p50, p95 [ms] | processor s per picture | Examiner's | ratio |")
    yield '|---' * 9 + '|'
    for row in result['rows']:
        node, bare = row['inspection_node'], row['examiner']
        yield (f'| {row["threads"]} | {node["verdicts_per_s"]:.1f} | {bare["verdicts_per_s"]:.1f} '
               f'| {np.median(row["ratios"]):.2f} | {node["latency_p50_ms"]:.1f}, '
               f'{node["latency_p95_ms"]:.1f} | {node["trip_p50_ms"]:.1f}, '
               f'{node["trip_p95_ms"]:.1f} | {node["cpu_s_per_picture"]:.4f} | '
               f'{bare["cpu_s_per_picture"]:.4f} | {row["cpu_ratio"]:.2f} |')
    before, after = (result[f'load_average_{when}'] for when in ('before', 'after'))
    yield (f'\nThe aim is {result["aim_verdicts_per_s"]:g} verdicts/s on two cores. '
           f'{result["cores"]} cores; onnxruntime {result["onnxruntime"]}; load average of the '
           f'last minute before the measurement {before:.2f}, after it {after:.2f}: where the '
           'first is not near 0, other programs had their share of the cores, and the processor '
           'times and ratios are what counts.')


def main(folder: str, seconds: str = '5', rounds: str = '4') -> None:
    """Measure and store."""
    rclpy.init()
    result: dict[str, Any] = {
        'command': 'make bench ARGS=inspection', 'detector': DETECTOR, 'surface': SURFACE,
        'references': REFERENCES, 'size_px': SIDE_PX, 'pictures': PICTURES,
        'cores': len(os.sched_getaffinity(0)), 'onnxruntime': version('onnxruntime'),
        'aim_verdicts_per_s': _AIM, 'load_average_before': os.getloadavg()[0], 'rows': []}
    with tempfile.TemporaryDirectory() as place:
        recipe = make_recipe(Path(place))
        for threads in _THREADS:
            row = measure(recipe, threads, float(seconds), int(rounds))
            result['rows'].append(row)
            print(f'{threads} threads: {row["inspection_node"]["verdicts_per_s"]:.1f} verdicts/s '
                  f'of the node, {row["examiner"]["verdicts_per_s"]:.1f} of the Examiner; '
                  f'processor time x{row["cpu_ratio"]:.2f}', flush=True)
    result['load_average_after'] = os.getloadavg()[0]
    out = Path(folder).absolute()
    write_json(out / f'{_NAME}.json', result)
    text = '\n'.join(_page(result)) + '\n'
    write_atomically(out / f'{_NAME}.md', lambda file: file.write_text(text, encoding='utf-8'))
    rclpy.try_shutdown()


if __name__ == '__main__':
    main(*sys.argv[1:4])
