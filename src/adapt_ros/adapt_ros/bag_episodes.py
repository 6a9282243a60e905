"""
Samples of a bag -> demonstrations: which frames belong together, and which command answers which.

Frames are those of `bags.replay`, the live node's. A command that carries the frame's stamp is its
answer (lockstep, policy_node). Else it is the command whose stamp is nearest, at most one period
away. A command without a header goes out together with the stamped ones of its moment, so it takes
the stamp of that partner: the n-th of the n-th where there are as many of both, else of the
nearest in the time of receipt. Frames that nobody answered are left out and counted.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from adapt_learning.frames import Contract, Frame, FrameAssembler, Layout
from adapt_learning.frames.messages import STAMPED
from adapt_ros.bags import Sample, replay
from adapt_ros.bridge import device_units

_RUNNING, _ENDED = 1, 2


@dataclass
class Cut:
    """The part of a bag that is one demonstration, as it was received."""

    frames: list[Frame] = field(default_factory=list)
    received_ns: list[int] = field(default_factory=list)
    """When the sample came that completed the frame [ns], on the recorder's clock."""
    commands: dict[str, list[Sample]] = field(default_factory=dict)
    """Topic -> commands in the order of receipt."""
    begin: object = None
    """EpisodeStatus of the begin; None where nobody announced episodes."""
    end: object = None
    """EpisodeStatus of the end; None: the recording ended first."""


@dataclass(frozen=True)
class Answered:
    """The frames of a demonstration that have a command; N of them."""

    frames: tuple[Frame, ...]
    action: np.ndarray
    """[N, A], float32."""
    unanswered: int
    exact: int
    """Commands that carried the frame's stamp."""
    worst_offset_s: float
    """Largest distance between a frame's stamp and that of its command [s]."""


def cut_episodes(samples: Iterable[Sample], contract: Contract, assembler: FrameAssembler
                 ) -> Iterator[Cut]:
    """
    Yield the episodes of a bag, one in memory at a time.

    Where episodes are announced, only what lies between begin and end counts; commands that are
    received late still do. A bag without announcements is one episode.
    """
    action_topics = {f.topic for f in contract.action}
    cut, announced, begun = Cut(), False, None
    for sample, frame in replay(samples, assembler):
        status = sample.status
        if status is not None:
            key = (status.episode, sample.stamp_ns)
            if status.state == _RUNNING and begun != key:
                if announced and cut.frames:
                    yield cut
                # What came before the first announcement belongs to no episode.
                cut, announced, begun = Cut(begin=status), True, key
            elif status.state == _ENDED and cut.begin is not None and cut.end is None:
                cut.end = status
        elif sample.topic in action_topics:
            cut.commands.setdefault(sample.topic, []).append(sample)
        if frame is not None and cut.end is None:
            cut.frames.append(frame)
            cut.received_ns.append(sample.received_ns)
    if cut.frames:
        yield cut


def answers(cut: Cut, contract: Contract, layout: Layout) -> Answered:
    """Return the frames of an episode with the action that was commanded at each."""
    stamped = _with_stamps(cut, contract)
    frames, rows, exact, worst = [], [], 0, 0
    taken = {frame.stamp_ns for frame in cut.frames}
    tables = [_Table(contract, topic, pairs, taken) for topic, pairs in stamped.items()]
    complete = len({f.topic for f in contract.action}) == len(tables)
    for frame in cut.frames if complete else ():
        found = [table.answer(frame.stamp_ns) for table in tables]
        if None in found:
            continue
        frames.append(frame)
        rows.append(layout.action({key: v for values, _ in found for key, v in values.items()}))
        offset = max(offset for _, offset in found)
        exact += offset == 0
        worst = max(worst, offset)
    action = np.array(rows, np.float32).reshape(len(rows), contract.action_spec.size)
    return Answered(tuple(frames), action, len(cut.frames) - len(frames), exact, worst * 1e-9)


class _Table:
    """The commands of one topic by stamp."""

    def __init__(self, contract: Contract, topic: str, pairs: list[tuple[int, Sample]],
                 taken: set[int]):
        self._period_ns = contract.period_ns
        self._features = [f for f in contract.action if f.topic == topic]
        self._exact = dict(pairs)
        # What carries the stamp of a frame answers that one and no other.
        self._free = [pair for pair in pairs if pair[0] not in taken]
        self._stamps = [stamp for stamp, _ in self._free]

    def answer(self, stamp_ns: int) -> tuple[dict[str, np.ndarray], int] | None:
        """Return (commands by key, distance of the stamps [ns]); None where nobody answered."""
        sample, distance = self._exact.get(stamp_ns), 0
        if sample is None:
            if not self._free:
                return None
            place = _nearest(self._stamps, stamp_ns)
            sample, distance = self._free[place][1], abs(self._stamps[place] - stamp_ns)
            if distance > self._period_ns:
                return None
        values = {}
        for feature in self._features:
            gain, shift = device_units(feature)
            values[feature.key] = (sample.raw[feature.key] - shift) / gain
        return values, distance


def _with_stamps(cut: Cut, contract: Contract) -> dict[str, list[tuple[int, Sample]]]:
    """Return (stamp, command) per topic by rising stamp; the first of equal stamps counts."""
    kinds = {f.topic: f.type for f in contract.action}
    found = {topic: [(sample.stamp_ns, sample) for sample in samples]
             for topic, samples in cut.commands.items() if kinds[topic] in STAMPED}
    partners = next(iter(found.values()), None)
    if partners is None:  # nobody carries a stamp: what was received next after a frame answers it
        partners = [(frame.stamp_ns, received) for frame, received in
                    zip(cut.frames, cut.received_ns, strict=True)]
    else:
        partners = [(stamp, sample.received_ns) for stamp, sample in partners]
    for topic, samples in cut.commands.items():
        if topic not in found:
            found[topic] = _paired(samples, partners)
    return {topic: _first_of_each(sorted(pairs, key=lambda pair: pair[0]))
            for topic, pairs in found.items() if pairs}


def _paired(samples: list[Sample], partners: list[tuple[int, int]]) -> list[tuple[int, Sample]]:
    if not partners:
        return []
    if len(samples) == len(partners):
        return [(stamp, sample) for (stamp, _), sample in zip(partners, samples, strict=True)]
    received = [at for _, at in partners]
    pairs: dict[int, tuple[int, Sample]] = {}
    for sample in samples:
        place = _nearest(received, sample.received_ns)
        distance = abs(received[place] - sample.received_ns)
        if place not in pairs or distance < pairs[place][0]:
            pairs[place] = distance, sample
    return [(partners[place][0], sample) for place, (_, sample) in pairs.items()]


def _nearest(values: list[int], wanted: int) -> int:
    """Return the index of the value nearest to `wanted`; `values` rise."""
    place = bisect_left(values, wanted)
    if place == 0:
        return 0
    if place == len(values) or wanted - values[place - 1] <= values[place] - wanted:
        return place - 1
    return place


def _first_of_each(pairs: list[tuple[int, Sample]]) -> list[tuple[int, Sample]]:
    kept: dict[int, Sample] = {}
    for stamp, sample in pairs:
        kept.setdefault(stamp, sample)
    return list(kept.items())
