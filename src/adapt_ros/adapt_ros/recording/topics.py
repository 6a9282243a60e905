"""
Which topics are recorded, and how they are listened to.

Everything arrives serialized and is kept so. A topic is heard as its publishers offer it: reliably
where all of them are reliable, with what was said before where all of them latch. Publishers that
come or change later are found by looking at the graph now and then.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.validate_full_topic_name import validate_full_topic_name

from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.frames import Contract
from adapt_ros.bags import EPISODE_TYPE, resolved
from adapt_ros.codecs import message_class
from adapt_ros.recording.health import CAMERA_TYPES, Expectation
from adapt_ros.recording.rosbag2 import definition

# Deep: a recorder that is held up for a moment must not lose what came meanwhile.
_DEPTH = 200
# How long two subscriptions listen side by side when one takes the place of the other.
_OVERLAP_NS = 1_000_000_000
# Teleoperation pauses where a hand rests; a control loop would not.
_COMMAND_PAUSE_S = 0.5


@dataclass
class Topic:
    """One topic of a bag."""

    expected: Expectation
    """With the name that the contract writes."""
    name: str
    """Full name, as in the bag."""
    type_name: str = ''
    """As it is heard; '' until that is known."""
    keeps_last: bool = False
    """Said once and meant to last: the last message belongs into every bag."""
    publishers: int = 0
    offered: list[QoSProfile] = field(default_factory=list)
    problem: str = ''
    """Why it cannot be recorded; '' where it can."""

    @property
    def is_latched(self) -> bool:
        """Return whether all publishers repeat their last message to whoever comes late."""
        return bool(self.offered) and all(
            q.durability == DurabilityPolicy.TRANSIENT_LOCAL for q in self.offered)


def wanted(contract: Contract, episode_topic: str, cameras: bool, extra: Iterable[str],
           namespace: str) -> list[Topic]:
    """
    Return the topics to record; the types of `extra` ones are found when they are published.

    Raises SettingError for what cannot be the name of a topic.
    """
    found: dict[str, Topic] = {}

    def add(expected: Expectation, keeps_last: bool = False) -> None:
        name = resolved(expected.topic, namespace)
        found.setdefault(name, Topic(expected, name, expected.type_name, keeps_last))

    for topic, features in _by_topic(contract.observation).items():
        kinds = {f.align for f in features}
        ages = [f.max_age_s for f in features if f.max_age_s is not None]
        add(Expectation(topic, features[0].type, tuple(features),
                        rate_hz=contract.rate_hz if 'sync' in kinds else None,
                        max_age_s=min(ages, default=None)),
            keeps_last=bool(kinds & {'hold', 'episode'}))
    for topic, features in _by_topic(contract.action).items():
        add(Expectation(topic, features[0].type, tuple(features), rate_hz=contract.rate_hz,
                        pause_s=_COMMAND_PAUSE_S))
    add(Expectation(episode_topic, EPISODE_TYPE, is_needed=contract.needs_episodes),
        keeps_last=True)
    for camera in contract.cameras if cameras else ():
        image, info = CAMERA_TYPES
        add(Expectation(camera.topic, image, rate_hz=camera.rate_hz))
        add(Expectation(camera.info_topic, info, is_needed=False))
    for topic in extra:
        add(Expectation(topic, '', is_needed=False))
    for name in found:
        try:
            validate_full_topic_name(name)
        except InvalidTopicNameException as error:
            text = ' '.join(str(error).split()).removeprefix('Invalid topic name: ')
            raise SettingError(f"'{name}' cannot be a topic: {text}; look at the parameters "
                               "'namespace', 'episode_topic' and 'extra_topics'") from error
    return list(found.values())


class Listener:
    """The subscriptions of a recorder; `on_message(topic, data)` gets serialized messages."""

    def __init__(self, node: Node, topics: Iterable[Topic],
                 on_message: Callable[[Topic, bytes], None]):
        self._node = node
        self.topics = tuple(topics)
        self._on_message = on_message
        self._ears: dict[str, _Ear] = {}
        self.look()

    def destroy(self) -> None:
        """Remove the subscriptions from the host."""
        for ear in self._ears.values():
            ear.destroy()
        self._ears = {}

    def look(self) -> None:
        """Look at the graph: who publishes, and how."""
        for topic in self.topics:
            infos = self._node.get_publishers_info_by_topic(topic.name)
            topic.publishers = len(infos)
            topic.offered = [info.qos_profile for info in infos]
            kind = topic.expected.type_name or (infos[0].topic_type if infos else '')
            if not kind:
                continue
            others = {info.topic_type for info in infos} - {kind}
            topic.problem = (f'{topic.name} is published as {", ".join(sorted(others))}, and '
                             f'{kind} is expected; start the driver that the contract '
                             'means') if others else _unknown(kind)
            if not topic.problem:
                topic.type_name = kind
                if topic.name not in self._ears:
                    self._ears[topic.name] = _Ear(self._node, topic, self._on_message)
                self._ears[topic.name].adapt(_profile(topic))


class _Ear:
    """
    One topic's subscription, which changes to another quality of service without a gap.

    A new subscription takes a moment to be matched, so for that time both listen, and what comes
    twice is taken once.
    """

    def __init__(self, node: Node, topic: Topic, on_message: Callable[[Topic, bytes], None]):
        self._node, self._topic, self._on_message = node, topic, on_message
        self._profile: QoSProfile | None = None
        self._subscriptions: list = []
        self._changed_ns = 0
        self._ahead: tuple[Counter, Counter] = (Counter(), Counter())
        """What each of the two has brought that the other has not yet: hash -> number."""

    def destroy(self) -> None:
        """Stop listening."""
        while self._subscriptions:
            self._node.destroy_subscription(self._subscriptions.pop())

    def adapt(self, profile: QoSProfile) -> None:
        """Listen by this profile from now on."""
        now = time.monotonic_ns()
        if len(self._subscriptions) == 2:
            if now - self._changed_ns < _OVERLAP_NS:
                return
            self._node.destroy_subscription(self._subscriptions.pop(0))
            self._ahead = (Counter(), Counter())
        if self._profile is not None and _same(self._profile, profile):
            return
        self._profile, self._changed_ns = profile, now
        made: list = []
        made.append(self._node.create_subscription(
            message_class(self._topic.type_name), self._topic.name,
            lambda data: self._receive(made, bytes(data)), profile, raw=True))
        self._subscriptions.append(made[0])

    def _receive(self, made: list, data: bytes) -> None:
        if len(self._subscriptions) == 2 and made[0] in self._subscriptions:
            mine = self._subscriptions.index(made[0])
            key = hash(data)
            if self._ahead[1 - mine][key]:
                self._ahead[1 - mine][key] -= 1
                return
            self._ahead[mine][key] += 1
        self._on_message(self._topic, data)


def _unknown(kind: str) -> str:
    """Return why messages of a type cannot be recorded, or ''."""
    try:
        definition(kind)
        message_class(kind)
    except DatasetError as error:
        return str(error)
    except (ImportError, AttributeError):
        return f'the Python messages of {kind} are not installed; install its package'
    return ''


def _profile(topic: Topic) -> QoSProfile:
    """Return how to listen so that all publishers are heard as well as they offer."""
    offered = topic.offered
    reliable = all(q.reliability == ReliabilityPolicy.RELIABLE for q in offered)
    latched = topic.is_latched
    if not offered:  # nobody is there yet; what is said once is latched by its sender as a rule
        reliable = latched = topic.keeps_last and 'hold' not in {
            getattr(f, 'align', '') for f in topic.expected.features}
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=_DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE)


def _same(one: QoSProfile, other: QoSProfile) -> bool:
    return (one.reliability, one.durability) == (other.reliability, other.durability)


def _by_topic(features) -> dict[str, list]:
    topics: dict[str, list] = {}
    for feature in features:
        if getattr(feature, 'derive', None) is None:
            topics.setdefault(feature.topic, []).append(feature)
    return topics
