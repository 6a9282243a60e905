"""What a simulated robot with bad sensors says: noise on messages, never on the truth."""

from collections.abc import Mapping

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Header

from adapt_learning.data.pollution import SIDES, Stream, stream
from adapt_learning.errors import SettingError
from adapt_learning.tasks.base import Task

# None may be lost: they are the truth that a restoration is compared with.
PROFILE = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)


class PublishedPollution:
    """
    Pollutes what is published, with probability p per instant and side.

    The state is all raw values of an instant together, the action all its commands; sigma is in
    units of the task's `spread`. What is said once per episode stays true. Every polluted instant
    is told on `topic` by a Header with its stamp and frame_id `state` or `action`. The same
    seeds give the same values, episode by episode.
    """

    def __init__(self, node: Node, topic: str, task: Task, kind: str, p: float, sigma: float,
                 seed: int):
        self._node = node
        self._task = task
        self._settings = (kind, p, sigma)
        self._seed = seed
        contract = task.contract
        seen = [f for f in contract.observation if f.derive is None and f.align != 'episode']
        self._keys = {'state': [f.key for f in seen], 'action': [f.key for f in contract.action]}
        self._rotations = {f.key for f in seen if f.field.endswith('orientation')}
        self._spread = task.spec_.spread
        self._streams: dict[str, Stream] = {}
        self._topic = None
        if kind:
            lacking = [k for s in SIDES for k in self._keys[s] if k not in self._spread]
            if lacking:
                raise SettingError(f"task {task.spec_.name} states no spread of {lacking}, so "
                                   "pollution of what it publishes has no unit; give it in the "
                                   "task's spec_, or leave pollution_kind empty")
            stream(kind, np.ones(1), p, sigma, seed)  # says what is wrong with the settings
            self._topic = node.create_publisher(Header, topic, PROFILE)

    def destroy(self) -> None:
        """Remove the publisher from the host."""
        if self._topic is not None:
            self._node.destroy_publisher(self._topic)

    def begin(self, seed: int) -> None:
        """Begin the episode of this seed."""
        kind, p, sigma = self._settings
        if not kind:
            return
        raw = self._task.raw()
        sizes = {f.key: f.size for f in self._task.contract.action}
        for number, side in enumerate(SIDES):
            units = np.concatenate([
                np.full(len(raw[k]) if side == 'state' else sizes[k], self._unit(k))
                for k in self._keys[side]])
            mixed = np.random.SeedSequence([self._seed, seed, number]).generate_state(1)[0]
            self._streams[side] = stream(kind, units, p, sigma, int(mixed))

    def state(self, raw: Mapping[str, np.ndarray], stamp: int) -> dict[str, np.ndarray]:
        """Return the raw values of an instant [ns] as they are to be published."""
        result = self._polluted('state', raw, stamp)
        for key in self._rotations & set(result):
            length = np.linalg.norm(result[key])
            # A sensor that says zeros says no rotation.
            result[key] = result[key] / length if length > 0 else np.array([0.0, 0.0, 0.0, 1.0])
        return dict(raw) | result

    def commands(self, commands: Mapping[str, np.ndarray], stamp: int) -> dict[str, np.ndarray]:
        """Return the commands of an instant [ns] as they are to be published."""
        return dict(commands) | self._polluted('action', commands, stamp)

    def _polluted(self, side: str, values: Mapping[str, np.ndarray], stamp: int):
        if side not in self._streams:
            return {}
        keys = self._keys[side]
        row, polluted = self._streams[side].step(np.concatenate([values[k] for k in keys]))
        if not polluted:
            return {}
        message = Header(frame_id=side)
        message.stamp.sec, message.stamp.nanosec = divmod(stamp, 1_000_000_000)
        self._topic.publish(message)
        ends = np.cumsum([len(values[k]) for k in keys])[:-1]
        return dict(zip(keys, np.split(row, ends), strict=True))

    def _unit(self, key: str) -> float:
        """Return the standard deviation of the elements of a published value."""
        # A quaternion whose elements move by d turns by 2 d.
        return self._spread[key] * (0.5 if key in self._rotations else 1.0)
