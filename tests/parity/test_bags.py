"""A bag gives the frames that the live policy had, bit by bit."""

import numpy as np
import pytest
from adapt_msgs.msg import EpisodeStatus, Outcome
from geometry_msgs.msg import PoseStamped
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from sensor_msgs.msg import JointState

from adapt_learning.errors import DatasetError
from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.bags import read_frames, read_samples, typestore
from adapt_ros.bridge import ObservationReader
from adapt_ros.codecs import message_class, set_stamp


class Bag:
    """A rosbag2 MCAP bag that takes serialized messages in the order of their receipt."""

    def __init__(self, path):
        self.path = path
        self._writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        self._connections = {}
        self._time_ns = 1_700_000_000_000_000_000

    def write(self, topic, kind, data):
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=typestore())
        self._time_ns += 1_000_000
        self._writer.write(self._connections[topic], self._time_ns, bytes(data))

    def close(self):
        self._writer.close()


@pytest.fixture
def bag(tmp_path):
    return Bag(tmp_path / 'episode')


def types_of(contract):
    parts = (*contract.observation, *contract.action)
    return {p.topic: p.type for p in parts if getattr(p, 'derive', None) is None}


def same(live, replayed):
    assert len(live) == len(replayed) > 0
    for one, other in zip(live, replayed, strict=True):
        assert one.stamp_ns == other.stamp_ns
        assert one.vector.tobytes() == other.vector.tobytes()
        assert all((one.values[key] == other.values[key]).all() for key in one.values)


def test_episodes_of_the_simulation_come_back_as_the_policy_saw_them(
        bench, lockstep, policies, bag):
    policy, pilot, client = lockstep(policies[0])
    contract, live = policy.contract, []
    tick = policy.runner.tick

    def keep(frame, *times):
        live.append(frame)
        return tick(frame, *times)
    policy.runner.tick = keep
    recorder = bench.helper('recorder')
    kinds = types_of(contract) | {'episode': 'adapt_msgs/msg/EpisodeStatus'}
    sensors = {f.topic for f in contract.observation if f.align == 'sync'}
    for topic, kind in kinds.items():
        recorder.create_subscription(
            message_class(kind), topic,
            lambda data, t=f'{bench.namespace}/{topic}', k=kind: bag.write(t, k, data),
            qos.SENSOR_LOCKSTEP if topic in sensors else
            qos.COMMAND if topic in {f.topic for f in contract.action} else qos.LATCHED_IN,
            raw=True)
    bench.until(lambda: all(recorder.count_publishers(t) for t in kinds), 'discovery')
    bench.spin_for(0.2)
    for seed in (1, 2):
        goal = client.send(max_episodes=1)
        pilot.reset(seed=seed)
        client.result(goal)
    bench.spin_for(0.1)
    bag.close()
    same(live, list(read_frames(bag.path, contract, bench.namespace)))
    assert len(live) == 100
    samples = list(read_samples(bag.path, contract, bench.namespace))
    received = [s.received_ns for s in samples]
    assert received == sorted(received)
    assert {s.topic for s in samples} == set(kinds)
    ends = [s.status for s in samples if s.status is not None and s.status.state == 2]
    assert [(e.seed, e.outcome.value, e.steps) for e in ends] == [
        (1, Outcome.FAILURE, 50), (2, Outcome.FAILURE, 50)]
    commands = [s.raw['gripper_velocity'] for s in samples if 'gripper_velocity' in s.raw]
    assert len(commands) >= 100 and all(c.shape == (3,) for c in commands)


def robot_messages(contract, seconds=3.0):
    """Return (topic, message) of a robot whose topics have their own rates, jitter and gaps."""
    random = np.random.default_rng(3)
    rates = {'gripper/pose': 50.0, 'tracker/block/pose': 30.0, 'joint_states': 100.0,
             'goal/pose': 1.0}
    events = []
    for topic, rate in rates.items():
        stamps = np.arange(0, seconds, 1 / rate) + random.normal(0, 0.1 / rate, round(
            seconds * rate))
        if topic == 'tracker/block/pose':
            stamps = stamps[(stamps < 1.0) | (stamps > 1.4)]  # the markers were hidden
        delays = random.exponential(0.01, len(stamps))
        events += [(at + delay, 1.0 + at, topic) for at, delay in zip(stamps, delays, strict=True)]
    for _, stamp, topic in sorted(events):
        message = message_class(types_of(contract)[topic])()
        set_stamp(message, round(stamp * 1e9))
        if isinstance(message, JointState):
            message.name = ['l_gripper_finger_joint', 'head', 'r_gripper_finger_joint']
            message.position = random.standard_normal(3).tolist()
            # rclpy's serialize_message leaves bytes too many behind empty arrays of doubles.
            message.velocity = message.effort = [0.0] * 3
        else:
            point, turn = message.pose.position, message.pose.orientation
            point.x, point.y, point.z = random.standard_normal(3)
            turn.x, turn.y, turn.z, turn.w = (q := random.standard_normal(4)) / np.linalg.norm(q)
        yield topic, message


def test_one_list_of_messages_gives_the_same_frames_live_and_out_of_a_bag(bench, bag):
    """Different rates, jitter, late and missing samples: the rule sees the sequence and no more."""
    contract, live = load_contract('fetch_robot'), []
    reader = ObservationReader(bench.helper('live'), contract,
                               lambda frame, _: live.append(frame), pytest.fail)
    for topic, message in robot_messages(contract):
        bag.write(f'/{topic}', types_of(contract)[topic], serialize_message(message))
        reader._callback(topic)(message)
    bag.close()
    same(live, list(read_frames(bag.path, contract)))
    assert 40 < len(live) < 75
    gaps = np.diff([frame.stamp_ns for frame in live]) * 1e-9
    assert gaps.max() > 0.25, 'no frames with a stale block pose'


def recorded(bag, topic='/gripper/pose', kind=PoseStamped, name='geometry_msgs/msg/PoseStamped'):
    contract = load_contract('fetch_robot')
    for wanted, type_name in types_of(contract).items():
        if f'/{wanted}' != topic and 'JointState' not in type_name:
            bag.write(f'/{wanted}', type_name, serialize_message(message_class(type_name)()))
    bag.write(topic, name, serialize_message(kind()))
    bag.close()
    return contract


def test_missing_topics_are_named(bag):
    contract = recorded(bag)
    with pytest.raises(DatasetError, match=r'needs the topics .*gripper/pose'):
        list(read_samples(bag.path, contract, namespace='elsewhere'))


def test_a_topic_of_another_type_is_named_with_both_types(bag):
    contract = recorded(bag, kind=EpisodeStatus, name='adapt_msgs/msg/EpisodeStatus')
    with pytest.raises(DatasetError, match='EpisodeStatus.*PoseStamped'):
        list(read_samples(bag.path, contract))


def test_a_damaged_bag_is_refused_with_a_sentence(bag, tmp_path):
    contract = recorded(bag)
    with pytest.raises(DatasetError, match='there is no bag'):
        list(read_frames(tmp_path / 'none', contract))
    file = next(bag.path.glob('*.mcap'))
    file.write_bytes(file.read_bytes()[:len(file.read_bytes()) // 2])
    with pytest.raises(DatasetError, match='cannot be read|damaged'):
        list(read_frames(bag.path, contract))
