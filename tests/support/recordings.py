"""Bags as the recorder writes them, made without a running middleware."""

from functools import cache
from pathlib import Path

from geometry_msgs.msg import PoseStamped
from rclpy.serialization import serialize_message
from rosbags.highlevel import AnyReader

from adapt_learning.frames import load_contract
from adapt_ros.bags import typestore
from adapt_ros.recording.about import begin_texts
from adapt_ros.recording.bag_writer import BagWriter

POSE = 'geometry_msgs/msg/PoseStamped'
START_NS = 1_800_000_000_000_000_000
PERIOD_NS = 10_000_000


def about(task: str = 'lift') -> dict[str, str]:
    """Return what is stored at the begin of a recording."""
    return begin_texts(
        load_contract('fetch_robot'), namespace='/arm', episode_topic='episode', task=task,
        operator='Ada', started='2026-11-20T10:00:00.000+00:00', host='test', version='0')


@cache
def pose(number: int) -> bytes:
    """Return a serialized pose that tells its number; the same bytes, also where CDR pads."""
    message = PoseStamped()
    message.pose.position.x = float(number)
    return bytes(serialize_message(message))


def begin_bag(folder: Path, chunks: int = 4, per_chunk: int = 25) -> BagWriter:
    """Return a bag that grows, with some chunks of two topics on the disk."""
    bag = BagWriter(folder, about())
    for name in ('/arm/gripper/pose', '/arm/goal/pose'):
        bag.add_topic(name, POSE)
    number = 0
    for _ in range(chunks):
        for _ in range(per_chunk):
            topic = '/arm/goal/pose' if number % 10 == 3 else '/arm/gripper/pose'
            bag.write(topic, START_NS + number * PERIOD_NS, pose(number))
            number += 1
        bag.flush()
    return bag


def read(folder: Path) -> list[tuple[str, int, float]]:
    """Return (topic, log time [ns], number of the pose) of every message, as rosbags reads it."""
    with AnyReader([folder], default_typestore=typestore()) as reader:
        return [(c.topic, at, reader.deserialize(data, c.msgtype).pose.position.x)
                for c, at, data in reader.messages()]
