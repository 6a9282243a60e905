"""
Does a topic arrive as the contract wants it? Judged while it is recorded, not afterwards.

Rates are counted by the stamps of the messages where they have one (a simulation runs at its own
speed), ages on a steady clock. Time is handed in, never asked for.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from adapt_msgs.msg import TopicHealth
from rclpy.serialization import deserialize_message

from adapt_learning.errors import SampleError
from adapt_learning.frames.layout import Layout
from adapt_learning.frames.messages import STAMPED
from adapt_ros.bridge import check, is_of_others, read
from adapt_ros.codecs import message_class, serialized_stamp_ns, stamp_ns

CAMERA_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CameraInfo')
# Over so long the rate is counted, and for so long a single bad message is told.
_WINDOW_NS = 2_000_000_000
# A recording that has only just begun is not blamed for what has yet to come.
_GRACE_NS = 500_000_000
# A rate from fewer messages than these is chance.
_ENOUGH = 5


@dataclass(frozen=True)
class HealthLimits:
    """When a topic is not well."""

    late_factor: float = 3.0
    """Periods without a message that make a topic late."""
    slow_factor: float = 0.8
    """Part of the expected rate below which a topic is slow."""
    clock_jump_s: float = 1.5
    """Stamps that leap further ahead of the steady clock than this have jumped [s]."""
    check_ages: bool = True
    """False in lockstep, where pauses are in order."""


@dataclass(frozen=True)
class Expectation:
    """What the contract says about the messages of one topic."""

    topic: str
    type_name: str
    features: tuple = ()
    """Observation and action features to decode; none: only counted."""
    rate_hz: float | None = None
    """At least so many messages per second; None: said once, or at will."""
    max_age_s: float | None = None
    """Oldest allowed message; None: `late_factor` periods."""
    pause_s: float = 0.0
    """It may be silent for so long in any case [s]."""
    is_needed: bool = True
    """Whether a demonstration without it is useless."""

    @property
    def has_header(self) -> bool:
        """Return whether its messages begin with a header (extra topics count as without)."""
        return self.type_name in STAMPED or self.type_name in CAMERA_TYPES


class TopicWatch:
    """Judges one topic, message by message."""

    def __init__(self, expected: Expectation, layout: Layout, limits: HealthLimits):
        self.expected = expected
        self.limits = limits
        self.messages = 0
        self._layout = layout
        self._observed = {f.key for f in expected.features if hasattr(f, 'align')}
        self._class = message_class(expected.type_name) if expected.features else None
        self._last_ns: int | None = None
        """Receipt of the last message on the steady clock."""
        self._stamp: int | None = None
        self._ticks: deque[tuple[int, int]] = deque()
        """(receipt, stamp or receipt) of the last messages [ns]."""
        self._bad: dict[int, tuple[int, str]] = {}
        """State of TopicHealth -> (receipt of the last such message, sentence)."""
        self.offset_s: float | None = None
        """Receipt on the wall clock minus the stamp, the least so far [s]."""

    def begin(self, messages: int) -> None:
        """Begin a recording: count anew from those that were said before and belong to it."""
        self.messages = messages
        self.offset_s = None
        self.restart()

    def restart(self) -> None:
        """Forget rates and stamps: an episode has begun, between two of them clocks may leap."""
        self._ticks.clear()
        self._stamp = None
        self._bad.clear()

    def take(self, data: bytes, now_ns: int, wall_ns: int) -> None:
        """Judge one serialized message, received at `now_ns` (steady) and `wall_ns`."""
        stamp = None
        if self._class is not None:
            try:
                message = deserialize_message(data, self._class)
            except Exception as error:  # rclpy raises whatever its type support raises
                self._note(TopicHealth.MALFORMED, now_ns, f'it cannot be read: {error}')
                return
            if is_of_others(message, self.expected.features):
                return
            stamp = stamp_ns(message)
            self._decode(message, now_ns)
        elif self.expected.has_header:
            stamp = serialized_stamp_ns(data)
        self.messages += 1
        if stamp is not None:
            self._clock(stamp, now_ns)
            offset = (wall_ns - stamp) * 1e-9
            self.offset_s = offset if self.offset_s is None else min(offset, self.offset_s)
        self._last_ns = now_ns
        self._ticks.append((now_ns, now_ns if stamp is None else stamp))
        while now_ns - self._ticks[0][0] > _WINDOW_NS:
            self._ticks.popleft()

    def _decode(self, message, now_ns: int) -> None:
        try:
            _, raw = read(message, self.expected.features, 0)
            check(raw, self.expected.features, self._layout)
        except SampleError as error:
            self._note(TopicHealth.MALFORMED, now_ns, str(error))
            return
        bad = [key for key, value in raw.items() if not np.isfinite(value).all()]
        if bad:
            self._note(TopicHealth.NOT_FINITE, now_ns, f'NaN or infinity in {", ".join(bad)}')

    def _clock(self, stamp: int, now_ns: int) -> None:
        before, self._stamp = self._stamp, stamp
        if before is None or self._last_ns is None:
            return
        ahead_s = (stamp - before - (now_ns - self._last_ns)) * 1e-9
        if stamp < before:
            text = f'its stamps went back by {(before - stamp) * 1e-9:.3f} s'
        elif ahead_s > self.limits.clock_jump_s:
            text = f'its stamps leapt ahead by {ahead_s:.3f} s'
        else:
            return
        self._ticks.clear()
        # In lockstep a command carries the stamp of its observation, a safe command that of the
        # sender's own clock: that is in order.
        if self._observed or self.limits.check_ages:
            self._note(TopicHealth.CLOCK_JUMPED, now_ns,
                       f'{text}; look at the clock of its sender')

    def _note(self, state: int, now_ns: int, text: str) -> None:
        self._bad[state] = (now_ns, text)

    def judge(self, now_ns: int, publishers: int, since_ns: int | None) -> TopicHealth:
        """
        Return how the topic is doing at `now_ns`.

        `publishers`: how many there are; `since_ns`: when the recording began (None: none runs,
        then silence is in order).
        """
        health = TopicHealth(topic=self.expected.topic, messages=self.messages,
                             rate=self._rate(), age=float('nan'))
        if self._last_ns is not None:
            health.age = (now_ns - self._last_ns) * 1e-9
        for state in (TopicHealth.MALFORMED, TopicHealth.NOT_FINITE, TopicHealth.CLOCK_JUMPED):
            at, text = self._bad.get(state, (0, ''))
            if text and now_ns - at < _WINDOW_NS:
                health.state, health.text = state, f'{self.expected.topic}: {text}'
                break
        silence = self._silence(now_ns, publishers, since_ns)
        if silence[0] == TopicHealth.MISSING or (silence[0] and not health.state):
            health.state, health.text = silence[0], f'{self.expected.topic} {silence[1]}'
        return health

    def _rate(self) -> float:
        if len(self._ticks) < _ENOUGH:
            return float('nan')
        span_ns = self._ticks[-1][1] - self._ticks[0][1]
        return (len(self._ticks) - 1) * 1e9 / span_ns if span_ns > 0 else float('nan')

    def _silence(self, now_ns: int, publishers: int, since_ns: int | None) -> tuple[int, str]:
        expected, limits = self.expected, self.limits
        allowed_s = self._allowed_s()
        if since_ns is not None and now_ns - since_ns < _GRACE_NS:
            return TopicHealth.OK, ''
        if not publishers:
            if expected.is_needed:
                return TopicHealth.MISSING, 'is missing: nobody publishes it'
            return TopicHealth.OK, ''
        if since_ns is None or not expected.is_needed:
            return TopicHealth.OK, ''
        waited_s = (now_ns - max(since_ns, self._last_ns or 0)) * 1e-9
        if self._last_ns is None:
            if waited_s > (allowed_s or 0.0):
                return TopicHealth.MISSING, 'is missing: nothing has come'
            return TopicHealth.OK, ''
        if allowed_s is not None and limits.check_ages and waited_s > allowed_s:
            return TopicHealth.LATE, (f'is late: nothing for {waited_s:.2f} s, {allowed_s:.2f} s '
                                      'are allowed')
        rate = self._rate()
        if expected.rate_hz and self._is_judged(now_ns, since_ns) and (
                rate < limits.slow_factor * expected.rate_hz):
            return TopicHealth.SLOW, (f'is slow: {rate:.1f} messages per second, '
                                      f'{expected.rate_hz:g} are expected')
        return TopicHealth.OK, ''

    def _is_judged(self, now_ns: int, since_ns: int) -> bool:
        """Return whether a rate can be told: there was time enough, and there is a clock for it."""
        return now_ns - since_ns > _WINDOW_NS // 2 and (
            self.expected.has_header or self.limits.check_ages)

    def _allowed_s(self) -> float | None:
        if self.expected.max_age_s is not None:
            return self.expected.max_age_s
        if self.expected.rate_hz is None:
            return None
        return max(self.expected.pause_s, self.limits.late_factor / self.expected.rate_hz)
