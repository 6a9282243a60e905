"""A contract's topics on a host node: observations and commands, for either side.

These are not nodes: they make and destroy ROS entities on the node that owns them, so their life
is bounded by its life cycle.
"""

import time
from collections.abc import Callable, Mapping

import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile

from adapt_learning.errors import SampleError
from adapt_learning.frames import Contract, Frame, FrameAssembler, Layout
from adapt_learning.frames.messages import STAMPED
from adapt_ros import qos
from adapt_ros.codecs import decode, encode, message_class, set_stamp, stamp_ns

# How long the last commands are waited for, where a listener has gone for good [s].
_FLUSH_S = 0.2


class ObservationReader:
    """Subscribe to the contract's observation topics and hand complete frames on."""

    def __init__(self, node: Node, contract: Contract, on_frame: Callable[[Frame, int], None],
                 on_malformed: Callable[[str], None], profile: QoSProfile = qos.SENSOR_IN,
                 on_repeat: Callable[[int], None] = lambda stamp: None):
        self._node = node
        self._on_frame = on_frame
        self._on_malformed = on_malformed
        self._on_repeat = on_repeat
        self._last_stamp = -1
        self.assembler = FrameAssembler(contract)
        self._features = {
            topic: tuple(f for f in contract.observation if f.derive is None and f.topic == topic)
            for topic in self.assembler.keys_of
        }
        self._last_topic = self.assembler.sync_topics[-1]
        self._shared = {t for t, fs in self._features.items() if all(f.shared for f in fs)}
        self._subscriptions = [
            node.create_subscription(
                message_class(features[0].type), topic, self._callback(topic), wanted)
            for topic, features in self._features.items()
            for wanted in _profiles(features, profile)
        ]

    def destroy(self) -> None:
        """Remove the subscriptions from the host."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def crowded(self) -> tuple[str, ...]:
        """Return the topics that more than one publisher writes to though only one should."""
        return tuple(topic for topic in self._features
                     if topic not in self._shared and self._node.count_publishers(topic) > 1)

    def silent(self) -> tuple[str, ...]:
        """Return the topics that nobody publishes."""
        return tuple(topic for topic in self._features if self._node.count_publishers(topic) == 0)

    def _callback(self, topic: str) -> Callable:
        def receive(message):
            received_ns = time.monotonic_ns()
            features = self._features[topic]
            if is_of_others(message, features):
                return
            try:
                stamp, raw = read(message, features, self._now_ns(features))
                frame = self.assembler.push(topic, stamp, raw)
            except SampleError as error:
                self._on_malformed(str(error))
                return
            if frame is not None:
                self._last_stamp = stamp
                self._on_frame(frame, received_ns)
            elif stamp == self._last_stamp and topic == self._last_topic:
                self._on_repeat(stamp)
        return receive

    def _now_ns(self, features) -> int:
        """Return the node's time [ns] for messages without a stamp; asking costs, others get 0."""
        if _is_stamped(features[0].type):
            return 0
        return self._node.get_clock().now().nanoseconds


class CommandWriter:
    """Publish the contract's commands; topics without the trigger's header go first."""

    def __init__(self, node: Node, contract: Contract):
        self._node = node
        self._topics = _by_topic(contract.action)
        self._messages = {t: _template(features) for t, features in self._topics.items()}
        # A receiver that waits for a stamped command then has the unstamped ones already.
        order = sorted(self._topics, key=lambda t: _is_stamped(self._topics[t][0].type))
        self._publishers = {
            t: node.create_publisher(message_class(self._topics[t][0].type), t, qos.COMMAND)
            for t in order}

    def destroy(self) -> None:
        """Remove the publishers from the host."""
        self.flush()
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers = {}

    def flush(self) -> None:
        """Wait a moment until all listeners have the last commands (the safe ones)."""
        for publisher in self._publishers.values():
            publisher.wait_for_all_acked(Duration(seconds=_FLUSH_S))

    def write(self, commands: Mapping[str, np.ndarray], stamp: int) -> None:
        """Publish commands (SI units, by action key) with this stamp [ns]."""
        for topic, publisher in self._publishers.items():
            features = [f for f in self._topics[topic] if f.key in commands]
            if features:
                publisher.publish(_fill(self._messages[topic], features, commands, stamp))

    def crowded(self) -> tuple[str, ...]:
        """Return the command topics that somebody else publishes to as well."""
        return tuple(t for t in self._publishers if self._node.count_publishers(t) > 1)


class ObservationWriter:
    """The robot's side: publish raw values by the contract (simulation, fake robots)."""

    def __init__(self, node: Node, contract: Contract):
        received = [f for f in contract.observation if f.derive is None]
        self._node = node
        self._topics = _by_topic(received)
        self._messages = {t: _template(features) for t, features in self._topics.items()}
        self._of_episode = {f.topic for f in received if f.align == 'episode'}
        self._publishers = {
            topic: node.create_publisher(
                message_class(features[0].type), topic,
                qos.LATCHED if topic in self._of_episode else qos.SENSOR_LOCKSTEP)
            for topic, features in self._topics.items()
        }

    def destroy(self) -> None:
        """Remove the publishers from the host."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers = {}

    def write(self, raw: Mapping[str, np.ndarray], stamp: int, begin: bool = False) -> None:
        """Publish raw values with this stamp [ns]; what is fixed per episode at its begin only."""
        for topic, publisher in self._publishers.items():
            if begin or topic not in self._of_episode:
                publisher.publish(_fill(self._messages[topic], self._topics[topic], raw, stamp))


class CommandReader:
    """
    The robot's side: collect one command per action topic.

    `on_complete(commands)` is called when every topic has delivered a command for the awaited
    instant: stamped topics carry its stamp, unstamped ones count from the moment when `expect`
    was called.
    """

    def __init__(self, node: Node, contract: Contract,
                 on_complete: Callable[[dict[str, np.ndarray]], None],
                 on_malformed: Callable[[str], None], match_stamp: bool):
        self._node = node
        self._on_complete = on_complete
        self._on_malformed = on_malformed
        self._match_stamp = match_stamp
        self._topics = _by_topic(contract.action)
        self._expected: int | None = None
        self._got: dict[str, dict[str, np.ndarray]] = {}
        self._subscriptions = [
            node.create_subscription(message_class(features[0].type), topic,
                                     self._callback(topic), qos.COMMAND)
            for topic, features in self._topics.items()
        ]

    def destroy(self) -> None:
        """Remove the subscriptions from the host."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def expect(self, stamp: int | None) -> None:
        """Wait for the commands of this instant [ns]; None: commands are not wanted now."""
        self._expected = stamp
        self._got = {}

    def _callback(self, topic: str) -> Callable:
        def receive(message):
            if self._expected is None:
                return
            try:
                stamp, values = read(message, self._topics[topic], 0)
                for feature in self._topics[topic]:
                    gain, offset = device_units(feature)
                    values[feature.key] = (values[feature.key] - offset) / gain
            except SampleError as error:
                self._on_malformed(str(error))
                return
            if self._match_stamp and stamp_ns(message) is not None and stamp != self._expected:
                return
            self._got[topic] = values
            if len(self._got) == len(self._topics):
                got, self._got = self._got, {}
                self._on_complete({key: v for part in got.values() for key, v in part.items()})
        return receive


def read(message, features, received_ns: int) -> tuple[int, dict[str, np.ndarray]]:
    """Return (stamp [ns], raw value per key) of one message; unstamped ones get `received_ns`."""
    stamp = stamp_ns(message)
    if stamp is None:
        stamp = received_ns
    return stamp, {f.key: decode(message, f.field, f.names) for f in features}


def check(raw: Mapping[str, np.ndarray], features, layout: Layout) -> None:
    """Raise SampleError where a value of a message has another size than the contract says."""
    for feature in features:
        value = raw[feature.key]
        if hasattr(feature, 'align'):
            layout.check_raw(feature.key, value)
        elif len(value) != feature.size:
            raise SampleError(f"'{feature.key}' has {feature.size} elements by the contract; "
                              f'got {len(value)}')


def _fill(message, features, values: Mapping[str, np.ndarray], stamp: int):
    """Write stamp and values into `message`, which is kept: making messages costs more."""
    set_stamp(message, stamp)
    for feature in features:
        value = values[feature.key]
        gain, offset = device_units(feature)
        if gain != 1.0 or offset != 0.0:
            value = value * gain + offset
        encode(message, feature.field, value, feature.names)
    return message


def device_units(feature) -> tuple[float, float]:
    """Return gain and offset from the command to what its device wants in the message."""
    return getattr(feature, 'device_gain', 1.0), getattr(feature, 'device_offset', 0.0)


def _template(features):
    """Return a message for these features with what never changes in it."""
    message = message_class(features[0].type)()
    for feature in features:
        if getattr(feature, 'frame_id', ''):
            message.header.frame_id = feature.frame_id
    return message


def _profiles(features, profile: QoSProfile) -> tuple[QoSProfile, ...]:
    """
    Return how to listen to a topic.

    What is said once must reach whoever comes late: goals of an episode are latched by their
    senders; what is held may come either way, so it is heard both ways.
    """
    kinds = {feature.align for feature in features}
    if 'episode' in kinds:
        return (qos.LATCHED,)
    return (profile, qos.LATCHED) if 'hold' in kinds else (profile,)


def is_of_others(message, features) -> bool:
    """Return whether a joint state names none of the wanted joints: another driver's message."""
    wanted = {name for feature in features for name in feature.names}
    return bool(wanted) and wanted.isdisjoint(message.name)


def _is_stamped(type_name: str) -> bool:
    return type_name in STAMPED


def _by_topic(features) -> dict[str, list]:
    topics: dict[str, list] = {}
    for feature in features:
        topics.setdefault(feature.topic, []).append(feature)
    return topics
