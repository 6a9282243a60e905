"""What comes in at a recorder: judged, the lasting words kept, and handed on."""

import time
from collections.abc import Callable

from adapt_msgs.msg import EpisodeStatus
from rclpy.node import Node
from rclpy.serialization import deserialize_message

from adapt_learning.frames import Contract
from adapt_learning.frames.layout import Layout
from adapt_ros.recording.health import HealthLimits, TopicWatch
from adapt_ros.recording.take import Take, wall_offset_ns
from adapt_ros.recording.topics import Listener, Topic


class Intake:
    """
    Listens to the topics; everything is called with (topic, receipt on the steady clock, bytes).

    `on_episode` gets the EpisodeStatus in front; these messages do not go to `on_message`.
    """

    def __init__(self, node: Node, contract: Contract, topics: list[Topic], episode: str,
                 limits: HealthLimits, on_message: Callable[[Topic, int, bytes], None],
                 on_episode: Callable[[EpisodeStatus, Topic, int, bytes], None]):
        layout = Layout(contract)
        self._watches = {t.name: TopicWatch(t.expected, layout, limits) for t in topics}
        self._episode = episode
        self._on_message, self._on_episode = on_message, on_episode
        self._kept: dict[str, tuple[Topic, bytes]] = {}
        """What was said once, in the order of receipt: the begin of every bag."""
        self._listener = Listener(node, topics, self._receive)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Return what is recorded."""
        return self._listener.topics

    def destroy(self) -> None:
        """Remove the subscriptions from the host."""
        self._listener.destroy()

    def look(self) -> None:
        """Look who publishes, and how."""
        self._listener.look()

    def watch_of(self, topic: Topic) -> TopicWatch:
        """Return who judges a topic."""
        return self._watches[topic.name]

    def restart(self) -> None:
        """Judge clocks and rates anew: an episode has begun."""
        for watch in self._watches.values():
            watch.restart()

    def begin(self, take: Take) -> None:
        """Begin a bag: announce what is published, repeat what was said once."""
        for name, watch in self._watches.items():
            watch.begin(int(name in self._kept))
        for topic in self.topics:
            if topic.type_name and not topic.problem:
                take.bag.add_topic(topic.name, topic.type_name, topic.offered)
        for topic, data in tuple(self._kept.values()):
            take.write(topic, take.began_ns, data)

    def offsets_s(self) -> dict[str, float]:
        """Return wall clock at receipt minus stamp [s] per topic, the least of a recording."""
        return {watch.expected.topic: watch.offset_s for watch in self._watches.values()
                if watch.offset_s is not None}

    def _receive(self, topic: Topic, data: bytes) -> None:
        now = time.monotonic_ns()
        self._watches[topic.name].take(data, now, now + wall_offset_ns())
        if topic.keeps_last or topic.is_latched:
            self._kept.pop(topic.name, None)
            self._kept[topic.name] = (topic, data)
        if topic.name != self._episode:
            self._on_message(topic, now, data)
            return
        try:
            status = deserialize_message(data, EpisodeStatus)
        except Exception:  # rclpy raises whatever its type support raises
            return
        self._on_episode(status, topic, now, data)
