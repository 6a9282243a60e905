"""demo_recorder as a process of its own beside a robot's: killed, doubled, out of disk, in a bag.

The robot is tests/support/fake_robot.py in its own process; the operator is in the test's.
"""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import rclpy
from adapt_msgs.msg import Outcome, RecorderStatus
from adapt_msgs.srv import SaveRecording, StartRecording
from ament_index_python.packages import get_package_prefix
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import String

from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.bags import read_frames, read_samples
from adapt_ros.bridge import ObservationReader
from adapt_ros.recording.about import recording_of
from adapt_ros.recording.repair import unfinished

ROBOT = Path(__file__).parents[1] / 'support' / 'fake_robot.py'
SENSORS = {'gripper/pose', 'tracker/block/pose', 'joint_states', 'goal/pose'}


class Site:
    """A robot, recorders and an operator."""

    def __init__(self, bench, folder):
        self.bench, self.folder, self.log = bench, folder / 'bags', folder / 'recorder.txt'
        self.processes = []
        self.statuses: list[RecorderStatus] = []
        self.node = bench.helper('operator')
        self.node.create_subscription(
            RecorderStatus, 'demo_recorder/status', self.statuses.append, qos.LATCHED_IN)
        self._run([sys.executable, ROBOT, '--summary', folder / 'summary.json'],
                  subprocess.DEVNULL)

    def recorder(self, limit_bytes=None, **parameters):
        """Start a recorder; `limit_bytes` is the largest file that it may write."""
        node = Path(get_package_prefix('adapt_ros'), 'lib', 'adapt_ros', 'demo_recorder')
        parameters = {'folder': self.folder, 'contract': 'fetch_robot', 'autostart': 'true',
                      'namespace': '/', 'min_free_disk': 0.0, 'warn_free_disk': 0.0} | parameters
        words = [word for name, value in parameters.items()
                 for word in ('-p', f'{name}:={value}')]
        self.since = time.time()
        limit = None if limit_bytes is None else partial(
            resource.setrlimit, resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        return self._run([node, '--ros-args', '-r', f'__ns:={self.bench.namespace}', *words],
                         open(self.log, 'w'), preexec_fn=limit)

    def _run(self, words, output, **options):
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, **options)
        self.processes.append(process)
        return process

    def ready(self):
        """Wait until the recorder hears the robot."""
        def hears():
            newest = self.statuses[-1] if self.statuses else RecorderStatus()
            return newest.header.stamp.sec >= self.since and SENSORS <= {
                t.topic for t in newest.topics if t.messages}
        self.bench.until(hears, 'a recorder that hears the robot', within=60)

    def start(self):
        """Begin to record and return the bag."""
        answer = self.bench.call(StartRecording, 'demo_recorder/start', task='lift')
        assert answer.success, answer.message
        return self.folder / answer.bag

    def save(self):
        """Save the recording."""
        return self.bench.call(SaveRecording, 'demo_recorder/save',
                               outcome=Outcome(value=Outcome.SUCCESS))

    def close(self):
        """End all processes."""
        for process in self.processes:
            process.kill()
            process.wait(10)


@pytest.fixture
def site(bench, tmp_path):
    """Return a site with a robot."""
    made = Site(bench, tmp_path)
    yield made
    made.close()


def test_a_bag_gives_the_frames_of_a_live_policy(site):
    """The robot's sensors are best effort, and the recorder came before or after them."""
    contract, live = load_contract('fetch_robot'), []
    recorder = site.recorder()
    ObservationReader(site.bench.add(rclpy.create_node('live')), contract,
                      lambda frame, _: live.append(frame), pytest.fail, qos_profile_sensor_data)
    site.ready()
    site.bench.until(lambda: live, 'a live policy that hears the robot', within=60)
    bag = site.start()
    site.bench.spin_for(1.5)
    assert site.save().success
    recorder.send_signal(signal.SIGINT)
    assert recorder.wait(10) == 0
    frames = list(read_frames(bag, contract))
    inner = frames[2:-2]  # begin and end of the recording fall between samples
    assert len(inner) > 15
    by_stamp = {frame.stamp_ns: frame for frame in live}
    same = [frame.vector.tobytes() == by_stamp[frame.stamp_ns].vector.tobytes()
            for frame in inner if frame.stamp_ns in by_stamp]
    # Two processes may hear two topics in another order: then a neighbour's sample is in the frame.
    assert len(same) >= 0.7 * len(inner) and sum(same) >= 0.7 * len(same)
    counts = {}
    for sample in read_samples(bag, contract):
        counts[sample.topic] = counts.get(sample.topic, 0) + 1
    seconds = float(recording_of(bag).texts['duration_s'])
    for topic, rate in (('gripper/pose', 25), ('tracker/block/pose', 30), ('joint_states', 50)):
        assert 0.6 * rate * seconds < counts[topic] < 1.1 * rate * seconds + 2, 'native rates'


def test_killed_it_loses_a_moment_and_the_next_one_says_what(site):
    recorder = site.recorder()
    site.ready()
    bag = site.start()
    site.bench.spin_for(1.5)
    other = site.recorder(folder=str(site.folder), autostart='true')
    assert other.wait(60) == 2, 'a second recorder on the folder'
    assert 'is in use by another recorder' in site.log.read_text()
    killed_ns = time.time_ns()
    recorder.kill()
    recorder.wait(10)
    assert unfinished(site.folder) == [bag]
    again = site.recorder()
    site.ready()
    text = site.log.read_text()
    assert re.search(r'episode_000001 was not ended by its recorder: \d+ messages of', text)
    recording = recording_of(bag)
    assert recording.recovered and recording.recovered in text
    assert (recording.task, recording.outcome) == ('lift', 'unknown')
    samples = list(read_samples(bag, load_contract('fetch_robot')))
    lost_s = (killed_ns - samples[-1].received_ns) * 1e-9
    assert lost_s < 1.0
    assert (samples[-1].received_ns - samples[0].received_ns) * 1e-9 > 1.0
    assert site.start().name == 'episode_000002', 'it goes on in the same folder'
    site.bench.spin_for(0.3)
    again.send_signal(signal.SIGTERM)
    assert again.wait(10) == 0
    assert unfinished(site.folder) == [], 'asked to end, it saves'
    assert recording_of(site.folder / 'episode_000002').texts['ended_by'] == (
        'the process was asked to end')


def test_a_file_that_may_not_grow_ends_the_recording_with_one_sentence(site):
    """What a full disk does, done by the limit of a file's size."""
    recorder = site.recorder(limit_bytes=4 * 2**20, extra_topics='noise')
    publisher = site.node.create_publisher(String, '/noise', 10)
    site.bench.until(publisher.get_subscription_count, 'a listener', within=60)
    site.ready()
    bag = site.start()
    chunk = String(data='x' * 50_000)  # fits one datagram

    def stopped():
        for _ in range(4):
            publisher.publish(chunk)
        site.bench.spin_for(0.02)
        return site.statuses[-1].state == RecorderStatus.STATE_IDLE and 'writing' in \
            site.log.read_text()
    try:
        site.bench.until(stopped, 'the end of the recording', within=60)
    except AssertionError as error:
        raise AssertionError(
            f'{error}; exit code {recorder.poll()}, {publisher.get_subscription_count()} listen, '
            f'{[(one.name, one.stat().st_size) for one in bag.iterdir()]}, {site.statuses[-1]}, '
            f'{site.log.read_text()}') from error
    text = site.log.read_text()
    assert text.count(f'{bag.name}: writing failed: File too large') == 1
    assert 'Traceback' not in text and recorder.poll() is None
    assert unfinished(site.folder) == [] or 'make room' in text
    assert site.start().name == 'episode_000002', 'the node stays usable'
    assert site.save().success
    recorder.kill()
    recorder.wait(10)
    site.recorder()
    site.ready()
    assert unfinished(site.folder) == []
    assert os.path.getsize(bag / f'{bag.name}_0.mcap') > 2 * 2**20
    assert len(list(read_frames(bag, load_contract('fetch_robot')))) > 3
