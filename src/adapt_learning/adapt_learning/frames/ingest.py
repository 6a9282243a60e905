"""From streams of samples to frames: the one rule that decides when an instant is complete.

The rule depends on nothing but the sequence of samples in the order in which they were received,
so the same messages give the same frames, live or out of a bag (tests/parity proves it).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from adapt_learning.errors import SampleError
from adapt_learning.frames.contract import Contract
from adapt_learning.frames.frame import Frame
from adapt_learning.frames.layout import Layout

# A source may run faster than the contract's rate; a frame that comes up to this part of a period
# early still counts as due, because no real clock keeps its period exactly.
_EARLY = 0.1


@dataclass
class IngestCounts:
    """What happened to the samples so far; for diagnostics and for reports."""

    samples: int = 0
    frames: int = 0
    wrong_shape: int = 0
    out_of_order: int = 0
    last_problem: str = ''


@dataclass
class _Stream:
    stamp_ns: int = -1
    raw: dict[str, np.ndarray] = field(default_factory=dict)


class FrameAssembler:
    """
    Cut frames out of the samples of several topics.

    - `sync` features carry the stamp of the frame; a frame is complete when all of them have come.
    - `asof` features contribute their newest sample if it is at most `max_age_s` away.
    - `hold` features contribute their newest sample of any age (calibrations, fixed goals).
    - `episode` features contribute their newest sample of the present episode (its goal). With
      such features there are no frames outside of `begin_episode` ... `end_episode`, and none
      after a gap in the stamps that is longer than the contract's observation timeout. So the
      goal of the last episode is never mixed with the observations of the next one: in whatever
      order the topics arrive where such a gap lies between them, and else where the end of the
      last one is heard before the next one's observations.
    - Frames come at the contract's rate; a faster source is thinned on a grid of stamps.

    Time is handed in, never asked for.
    """

    def __init__(self, contract: Contract, layout: Layout | None = None):
        self.contract = contract
        self.layout = layout or Layout(contract)
        self.counts = IngestCounts()
        received = [f for f in contract.observation if f.derive is None]
        self.keys_of: dict[str, tuple[str, ...]] = {
            topic: tuple(f.key for f in received if f.topic == topic)
            for topic in dict.fromkeys(f.topic for f in received)
        }
        self.sync_topics = tuple(dict.fromkeys(f.topic for f in received if f.align == 'sync'))
        self._of_episode = tuple(
            dict.fromkeys(f.topic for f in received if f.align == 'episode'))
        self._max_age_ns = {
            f.topic: round(f.max_age_s * 1e9) for f in received if f.align == 'asof'}
        self._gap_ns = round(contract.safety.observation_timeout_s * 1e9)
        self._begin_ns: int | None = None
        self.reset()

    def reset(self) -> None:
        """Forget all samples (not the counts)."""
        self._streams = {topic: _Stream() for topic in self.keys_of}
        self._restart_grid()
        self._begin_ns = None
        self._newest_frame_ns = self._before_gap_ns = -1

    def begin_episode(self, stamp_ns: int) -> Frame | None:
        """
        Open an episode that began at `stamp_ns`; samples with older stamps do not belong to it.

        Returns the first frame if all of its parts have come already.
        """
        self._begin_ns = stamp_ns
        self._restart_grid()
        newest = max(self._streams[topic].stamp_ns for topic in self.sync_topics)
        return self._complete(newest) if newest >= stamp_ns else None

    def end_episode(self) -> None:
        """Close the episode; with `episode` features no frame comes until the next one begins."""
        self._begin_ns = None

    def missing(self) -> tuple[str, ...]:
        """Return the topics whose samples the next frame still waits for, in contract order."""
        begin = self._begin_ns or 0
        return tuple(
            topic for topic, stream in self._streams.items()
            if not stream.raw or (topic in self._of_episode and stream.stamp_ns < begin))

    def push(self, topic: str, stamp_ns: int, raw: Mapping[str, np.ndarray]) -> Frame | None:
        """
        Take one sample and return the frame that it completes, if any.

        `stamp_ns` is the capture stamp of the message [ns] (the receive time where it has no
        header); `raw` has one array per key of `keys_of[topic]`. Raises SampleError for a sample
        of the wrong form; the sample is then dropped and counted.
        """
        self.counts.samples += 1
        stream = self._streams.get(topic)
        if stream is None:
            raise SampleError(f"topic '{topic}' is not in the contract's observation; there are "
                              f'{sorted(self._streams)}')
        try:
            checked = {key: self.layout.check_raw(key, raw[key]) for key in self.keys_of[topic]}
        except SampleError as error:
            self.counts.wrong_shape += 1
            self.counts.last_problem = str(error)
            raise
        if stamp_ns < stream.stamp_ns:
            self.counts.out_of_order += 1
            self.counts.last_problem = (f"'{topic}' went back in time by "
                                        f'{(stream.stamp_ns - stamp_ns) / 1e9:.3f} s')
            return None
        if topic in self.sync_topics:
            newest = max(self._streams[t].stamp_ns for t in self.sync_topics)
            if stamp_ns - newest > self._gap_ns:
                self._before_gap_ns = newest
        stream.stamp_ns, stream.raw = stamp_ns, checked
        if topic in self.sync_topics:
            return self._complete(stamp_ns)
        # A goal that comes after the observations of the first instant completes it.
        if topic in self._of_episode and self._last_index < 0:
            return self._complete(max(self._streams[t].stamp_ns for t in self.sync_topics))
        return None

    def _restart_grid(self) -> None:
        self._first_ns: int | None = None
        self._last_index = -1

    def _complete(self, stamp_ns: int) -> Frame | None:
        """Return the frame at `stamp_ns` if all of its parts are there and the grid wants it."""
        if self._of_episode and (self._begin_ns is None or self._before_gap_ns >= self._begin_ns):
            return None
        if self._begin_ns is not None and stamp_ns < self._begin_ns:
            return None
        # One instant, one frame, also where the next episode's parts came before its announcement.
        if stamp_ns <= self._newest_frame_ns:
            return None
        if any(self._streams[topic].stamp_ns != stamp_ns for topic in self.sync_topics):
            return None
        if self.missing():
            return None
        # A goal from so far ahead is the next episode's; these observations of this one are late.
        if any(self._streams[topic].stamp_ns - stamp_ns > self._gap_ns
               for topic in self._of_episode):
            return None
        for topic, limit in self._max_age_ns.items():
            age = stamp_ns - self._streams[topic].stamp_ns
            if abs(age) > limit:
                # Also from the future: a clock that runs ahead would make old samples look fresh.
                self.counts.last_problem = (
                    f"'{topic}' is {abs(age) / 1e9:.3f} s {'older' if age > 0 else 'newer'} than "
                    f'the frame, {limit / 1e9:.3f} s are allowed')
                return None
        if not self._due(stamp_ns):
            return None
        raw = {key: value for s in self._streams.values() for key, value in s.raw.items()}
        self.counts.frames += 1
        self._newest_frame_ns = stamp_ns
        return self.layout.frame(stamp_ns, raw)

    def _due(self, stamp_ns: int) -> bool:
        """Return whether the grid of the contract's rate wants a frame at this stamp."""
        if self._first_ns is None:
            self._first_ns = stamp_ns
        index = int((stamp_ns - self._first_ns) / self.contract.period_ns + _EARLY)
        if index <= self._last_index:
            return False
        self._last_index = index
        return True
