"""One recording from its first message to its last: the bag, its episode, its warnings."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from adapt_msgs.msg import EpisodeStatus, Outcome

from adapt_learning.errors import SettingError
from adapt_ros.codecs import stamp_ns
from adapt_ros.recording.about import EPISODE, OPERATOR, OUTCOMES
from adapt_ros.recording.bag_writer import BagWriter
from adapt_ros.recording.topics import Topic

# After the end of its episode a recording goes on for a moment: topics do not arrive in step.
TAIL_NS = 100_000_000


def wall_offset_ns() -> int:
    """Return wall clock minus steady clock [ns]."""
    return time.time_ns() - time.monotonic_ns()


def utc_now() -> str:
    """Return date and time, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec='milliseconds')


def open_bag(folder: Path, about: Mapping[str, str]) -> BagWriter:
    """Begin a bag; SettingError says why that cannot be."""
    try:
        return BagWriter(folder, about)
    except OSError as error:
        raise SettingError(f'{folder.name} cannot be begun: {error.strerror}; look at the '
                           f'permissions of {folder.parent}, and whether the disk is full'
                           ) from error


@dataclass
class Take:
    """A recording while it lasts, and until it is saved or discarded."""

    bag: BagWriter
    began_ns: int
    """On the steady clock."""
    wall_ns: int
    """Wall clock minus steady clock when it began [ns]: log times follow the steady clock."""
    follows_episode: bool = False
    episode: tuple[int, int] | None = None
    """(number, stamp) of the episode that runs."""
    outcome: int = Outcome.UNKNOWN
    judged: int = Outcome.UNKNOWN
    """The outcome in the operator's words; it goes before the other."""
    warnings: dict[tuple[str, int], str] = field(default_factory=dict)
    """(topic, state) -> sentence: each once, in the order of their coming."""
    stopped: str = ''
    """Why no more messages are taken; '' while it records."""
    stopped_ns: int = 0
    tail_until_ns: int = 0
    """End of the episode's tail on the steady clock; 0: it has not ended."""
    tail_seen: bool = False

    def log_ns(self, now_ns: int) -> int:
        """Return the log time of a message received at `now_ns` on the steady clock."""
        return now_ns + self.wall_ns

    def write(self, topic: Topic, now_ns: int, data: bytes) -> None:
        """Put one message into the bag."""
        self.bag.add_topic(topic.name, topic.type_name, topic.offered)
        self.bag.write(topic.name, self.log_ns(now_ns), data)

    def warn(self, topic: str, state: int, text: str) -> bool:
        """Note a warning; return whether it is new."""
        is_new = (topic, state) not in self.warnings
        self.warnings.setdefault((topic, state), text)
        return is_new

    def heard(self, status: EpisodeStatus, now_ns: int) -> str:
        """Follow the episode; return why the recording must stop at once, or ''."""
        key = (status.episode, stamp_ns(status))
        if status.state == EpisodeStatus.STATE_RUNNING:
            if self.follows_episode and self.episode not in (None, key):
                self.outcome = self.outcome or Outcome.ABORTED
                return 'the next episode began'
            self.episode, self.tail_until_ns = key, 0
            return ''
        if self.episode is None or self.tail_until_ns:
            return ''
        ended = status.state == EpisodeStatus.STATE_ENDED
        self.outcome = status.outcome.value if ended else Outcome.ABORTED
        self.tail_until_ns = now_ns + TAIL_NS
        if not self.follows_episode:
            self.episode = None
        return ''

    def due(self, now_ns: int, max_duration_s: float) -> str:
        """Return why the recording is over, or ''."""
        if self.bag.problem:
            return self.bag.problem
        if self.follows_episode and self.tail_until_ns and now_ns > self.tail_until_ns:
            # Once more: on a busy machine the first look may come before what waits in the queues.
            if self.tail_seen:
                return 'the episode ended'
            self.tail_seen = True
        if max_duration_s and now_ns - self.began_ns > max_duration_s * 1e9:
            return f'the {max_duration_s:g} s are over'
        return ''

    def stop(self, text: str, now_ns: int) -> None:
        """Take no more messages; an episode that still runs is cut short."""
        if self.follows_episode and self.episode and not self.tail_until_ns:
            self.outcome = self.outcome or Outcome.ABORTED
        self.stopped, self.stopped_ns = text, now_ns
        self.bag.hold()

    def duration_s(self, now_ns: int) -> float:
        """Return how long it records or recorded [s]."""
        return ((self.stopped_ns or now_ns) - self.began_ns) * 1e-9

    def end_texts(self, note: str, offsets: Mapping[str, float]) -> dict[str, str]:
        """Return what is stored at the end of a recording."""
        return {
            'outcome': OUTCOMES[self.judged or self.outcome],
            'outcome_by': OPERATOR if self.judged else EPISODE, 'note': note, 'ended': utc_now(),
            'ended_by': self.stopped, 'duration_s': f'{self.duration_s(self.stopped_ns):.3f}',
            'warnings': json.dumps(list(self.warnings.values()), ensure_ascii=False),
            'clock_offsets_s': json.dumps({k: round(v, 6) for k, v in offsets.items()}),
            'wall_clock_shift_s': f'{(wall_offset_ns() - self.wall_ns) * 1e-9:.6f}'}


def host() -> str:
    """Return the name of this machine."""
    return os.uname().nodename
