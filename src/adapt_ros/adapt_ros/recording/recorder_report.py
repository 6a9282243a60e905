"""What demo_recorder says about itself: status, result, diagnostics, warnings."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from adapt_msgs.action import RecordEpisode
from adapt_msgs.msg import Outcome, RecorderStatus, TopicHealth
from diagnostic_msgs.msg import DiagnosticStatus

if TYPE_CHECKING:
    from adapt_ros.nodes.demo_recorder import DemoRecorder
    from adapt_ros.recording.take import Take

_MEGABYTE = 10**6
_JUDGE_NS = 200_000_000


class RecorderReport:
    """Judges topics and disk, logs each warning once per recording, fills the messages."""

    def __init__(self, node: 'DemoRecorder'):
        self._node = node
        self._judged_ns = 0
        self._topics: list[TopicHealth] = []
        self._said: tuple = ()
        self._free = node.folder.free_bytes()

    def disk_full(self, free_bytes: int) -> str:
        """Return why nothing may be recorded on this disk, or ''."""
        least = self._node.settings.min_free_disk
        if free_bytes >= least * _MEGABYTE:
            return ''
        return (f'the disk is nearly full: {free_bytes / _MEGABYTE:.0f} MB are left, '
                f"{least:.0f} MB are kept free (parameter 'min_free_disk'); make room")

    def empty(self, take: 'Take') -> str:
        """Return why a recording without a message is not kept."""
        return (f'{take.bag.folder.name} has no message, so it is not kept: is the robot or the '
                f'scene running, with the topics of contract {self._node.contract.name}?')

    def changed(self, now_ns: int) -> bool:
        """Judge everything anew where it is due; return whether people should hear of it."""
        if now_ns - self._judged_ns < _JUDGE_NS:
            return False
        before = self._said
        self._judge(now_ns)
        self._said = (tuple((t.topic, t.state) for t in self._topics), bool(self._disk()))
        return self._said != before

    def status(self, now_ns: int) -> RecorderStatus:
        """Return the status; its stamp is the caller's."""
        node, take = self._node, self._node.take
        self._judge(now_ns)
        message = RecorderStatus(
            state=self._state(), saved=node.folder.saved, free_bytes=self._free,
            topics=self._topics, warnings=[text for _, _, text in self._warnings()])
        if take is not None:
            message.bag = take.bag.folder.name
            message.task, message.operator_name = take.bag.about['task'], take.bag.about['operator']
            message.duration = take.duration_s(now_ns)
            message.messages, message.bytes = take.bag.messages, take.bag.bytes
        return message

    def result(self, text: str, take: 'Take | None', saved: bool) -> RecordEpisode.Result:
        """Return the result of a goal."""
        result = RecordEpisode.Result(saved=saved, text=text)
        if take is not None:
            result.bag = take.bag.folder.name if saved or take is self._node.take else ''
            result.outcome = Outcome(value=take.judged or take.outcome)
            result.messages = take.bag.messages
            result.duration = take.duration_s(time.monotonic_ns())
            result.warnings = list(take.warnings.values())
        return result

    def diagnose(self, now_ns: int) -> Iterator[tuple[str, bytes, str, dict[str, Any]]]:
        """Yield the parts for /diagnostics."""
        message = self.status(now_ns)
        state = ('idle', 'waiting', 'recording', 'stopped')[message.state]
        level = DiagnosticStatus.WARN if message.warnings else DiagnosticStatus.OK
        yield 'recording', level, message.warnings[0] if message.warnings else state, {
            'state': state, 'bag': message.bag, 'messages': message.messages,
            'bytes': message.bytes, 'saved': message.saved, 'free bytes': message.free_bytes}
        for topic in message.topics:
            level = DiagnosticStatus.WARN if topic.state else DiagnosticStatus.OK
            yield topic.topic, level, topic.text or 'OK', {
                'messages': topic.messages, 'rate': topic.rate, 'age': topic.age}

    def _state(self) -> int:
        node = self._node
        if node.take is None:
            return (RecorderStatus.STATE_WAITING if node.is_waiting
                    else RecorderStatus.STATE_IDLE)
        return (RecorderStatus.STATE_STOPPED if node.take.stopped
                else RecorderStatus.STATE_RECORDING)

    def _judge(self, now_ns: int) -> None:
        node = self._node
        take = node.take if node.take is not None and not node.take.stopped else None
        self._judged_ns = now_ns
        self._free = node.folder.free_bytes()
        self._topics = []
        for topic in node.intake.topics:
            health = node.intake.watch_of(topic).judge(
                now_ns, topic.publishers, take.began_ns if take else None)
            if topic.problem:
                health.state, health.text = TopicHealth.MALFORMED, topic.problem
            self._topics.append(health)
        if take is None:
            return
        for name, state, text in self._warnings():
            if take.warn(name, state, text):
                node.get_logger().warning(text)

    def _warnings(self) -> list[tuple[str, int, str]]:
        """Return (topic, state, sentence) of what is wrong now."""
        found = [(t.topic, t.state, t.text) for t in self._topics if t.state]
        disk = self._disk()
        return [*found, ('', 0, disk)] if disk else found

    def _disk(self) -> str:
        """Return a warning about the disk, or ''."""
        if self._free >= self._node.settings.warn_free_disk * _MEGABYTE:
            return ''
        return f'the disk is filling: {self._free / _MEGABYTE:.0f} MB are left'
