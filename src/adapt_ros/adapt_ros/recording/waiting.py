"""Waiting for an episode: what came just before it was announced belongs to it."""

import time
from collections import deque

from adapt_msgs.msg import EpisodeStatus

from adapt_ros.codecs import serialized_stamp_ns, stamp_ns
from adapt_ros.recording.topics import Topic

# Topics do not arrive in step: the first observation may be here before its announcement.
_KEPT_NS = 500_000_000


class Waiting:
    """Keeps the last messages until an episode begins that is not the one heard already."""

    def __init__(self, heard: tuple[int, int] | None):
        self._heard = heard
        self._early: deque[tuple[Topic, int, bytes]] = deque()

    def keep(self, topic: Topic, now_ns: int, data: bytes) -> None:
        """Keep a stamped message, received at `now_ns` on the steady clock, for a moment."""
        if topic.expected.has_header:
            self._early.append((topic, now_ns, data))
        while self._early and now_ns - self._early[0][1] > _KEPT_NS:
            self._early.popleft()

    def begins(self, status: EpisodeStatus) -> bool:
        """Return whether this announces the awaited episode."""
        if status.state == EpisodeStatus.STATE_IDLE:
            self._heard = None  # a scene that has just started counts from the beginning
        return (status.state == EpisodeStatus.STATE_RUNNING
                and (status.episode, stamp_ns(status)) != self._heard)

    def of_episode(self, begin_ns: int) -> list[tuple[Topic, int, bytes]]:
        """Return what was stamped at or after the begin of the episode, in order of receipt."""
        latest = time.monotonic_ns() - _KEPT_NS
        return [(topic, at, data) for topic, at, data in self._early
                if at > latest and (serialized_stamp_ns(data) or 0) >= begin_ns]
