"""
Bags as a source of `adapt data import` (entry point group adapt_learning.importers).

Observations pass through the codecs and the FrameAssembler of the live node; `bag_episodes` finds
the commands, `bag_video` the pictures. Unfinished bags are repaired first.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.data import DatasetFolder
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.formats.base import Demonstration, Format, ReadOptions, Source
from adapt_learning.frames import FrameAssembler, Layout
from adapt_ros.bag_episodes import Answered, Cut, answers, cut_episodes
from adapt_ros.bag_video import write_pictures
from adapt_ros.bags import MissingTopics, check_whole, read_samples
from adapt_ros.recording.about import OUTCOMES, Recording, recording_of
from adapt_ros.recording.repair import repair_folder, unfinished

# A longer time between two frames is said: for learning it is another demonstration.
_SILENCE_S = 1.0
_SAME_PACE = 0.8, 1.25
_SUCCESS = {'success': True, 'failure': False}


class Bags(Format):
    """rosbag2 bags (MCAP), of the recorder or of others."""

    title = 'rosbag2 bags'
    settings = ('namespace', 'episode_topic')

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether a folder is a bag or holds bags; the file of a bag is refused later."""
        return bool(_bags_in(path)) or _is_file_of_bag(path)

    @classmethod
    @contextmanager
    def open(cls, paths: Sequence[Path], options: ReadOptions) -> Iterator[Source]:
        """Open bags or folders of bags, which must all speak one contract."""
        if options.rate_hz is not None:
            raise SettingError('bags are cut at the rate of the contract; give a contract with '
                               'another rate_hz instead of --rate-hz')
        if options.mapping:
            raise SettingError('the contract says what the topics of a bag mean; --map is for '
                               'files of other programs')
        with tempfile.TemporaryDirectory(prefix='adapt_import_') as scratch:
            yield _Recordings(paths, options, Path(scratch))

    @classmethod
    def write(cls, dataset: DatasetFolder, target: Path) -> None:
        """Refuse: a dataset has no messages any more."""
        raise SettingError('a dataset cannot be turned into bags; the messages are not in it')


class _Recordings(Source):
    def __init__(self, paths: Sequence[Path], options: ReadOptions, scratch: Path):
        super().__init__()
        self._options, self._scratch = options, scratch
        self._bags: list[Path] = []
        for path in paths:
            self._take(self._found_in(path))
        check_whole(self._bags)
        self.name, self.count = paths[0].absolute().name, len(self._bags)
        self._recordings = {bag: recording_of(bag) for bag in self._bags}
        self._contract = options.contract or self._common()
        self.contract = self._contract
        self.rate_hz = self._contract.rate_hz
        self.observation = {'observation': self._contract.observation_spec.size}
        self.action = {'action': self._contract.action_spec.size}
        if self._contract.cameras and not options.videos:
            self.notes.append('pictures of cameras are left out')
        self._facts: list[dict[str, Any]] = []

    def _found_in(self, path: Path) -> list[Path]:
        """Return the bags of one argument, those repaired that were not ended."""
        if _is_file_of_bag(path):
            raise DatasetError(f'{path} is the file of a bag, and a bag is a folder: give '
                               f'{path.absolute().parent}')
        repaired, failed = repair_folder(path)
        self.notes += [one.text for one in repaired]
        self.notes += [f'left out: {sentence}' for sentence in failed]
        still = unfinished(path)
        found = [bag for bag in _bags_in(path) if bag not in still]
        if not found:
            raise DatasetError('; '.join(failed) or f'{path} is no bag and holds none (folders '
                               'with an .mcap file)')
        return found

    def _take(self, bags: list[Path]) -> None:
        there = {bag.resolve() for bag in self._bags}
        for bag in bags:
            if bag.resolve() in there:
                self._note(f'{bag.name} was given more than once and is taken once')
            else:
                there.add(bag.resolve())
                self._bags.append(bag)

    def _common(self):
        """Return the one contract by which all bags were recorded."""
        contracts = {bag: recording.contract for bag, recording in self._recordings.items()
                     if recording is not None}
        others = [bag.name for bag in self._bags if bag not in contracts]
        if others:
            raise DatasetError(f'{others[0]} has no contract in it: another recorder made it, or '
                               'its begin, where the contract stands, is damaged; give the '
                               'contract with --contract, or leave this bag out')
        first, *rest = contracts.items()
        for bag, contract in rest:
            if contract.hash != first[1].hash:
                raise DatasetError(
                    f"{bag.name} was recorded by the contract '{contract.name}' ({contract.hash}), "
                    f"{first[0].name} by '{first[1].name}' ({first[1].hash}): import them one "
                    'after the other, or give one contract with --contract')
        return first[1]

    def demonstrations(self) -> Iterator[Demonstration]:
        self._facts = []
        self._pictureless: dict[str, list[str]] = {}
        """Topic of a camera -> recordings without its pictures, but with those of others."""
        layout = Layout(self._contract)
        for bag in self._bags:
            recording, found = self._recordings[bag], 0
            for number, cut in enumerate(self._cuts(bag)):
                answered = answers(cut, self._contract, layout)
                name = bag.name if number == 0 else f'{bag.name} ({number + 1})'
                if not answered.frames:
                    continue
                found += 1
                timing = _timing(name, cut, answered, self._contract, recording)
                self._facts.append(timing)
                if timing['longest_gap_s'] > _SILENCE_S:
                    self._note(f'{name}: {timing["longest_gap_s"]:.2f} s without a frame (silent '
                               'sensors, or a clock that jumped)')
                yield self._demonstration(name, bag, cut, answered, recording)
            if not found:
                self._note(self._nothing(bag))
        for topic, names in self._pictureless.items():
            self._note(f'no pictures on {topic} in {len(names)} recordings, the first is '
                       f'{names[0]}: their other pictures are left out too')

    def _cuts(self, bag: Path) -> Iterator[Cut]:
        assembler = FrameAssembler(self._contract)
        malformed, first = Counter(), {}

        def skip(topic: str, sentence: str) -> None:
            malformed[topic] += 1
            first.setdefault(topic, sentence)

        samples = read_samples(
            bag, self._contract, self._options.settings.get('namespace'),
            self._options.settings.get('episode_topic'), skip)
        try:
            yield from cut_episodes(samples, self._contract, assembler)
        except MissingTopics as error:
            recording = self._recordings[bag]
            if recording is None or not recording.recovered:
                raise
            # Cut off before every sensor had spoken: no reason to refuse the others.
            self._problem = str(error)
            return
        for topic, number in malformed.items():
            self._note(f'{bag.name}: {number} messages on {topic} do not fit the contract and are '
                       f'left out; the first: {first[topic]}')
        if assembler.counts.out_of_order:
            self._note(f'{bag.name}: {assembler.counts.out_of_order} samples went back in time and '
                       'are left out (a clock jumped, or two publishers)')
        self._problem = assembler.counts.last_problem or (
            f'missing: {", ".join(assembler.missing())}' if assembler.missing() else '')

    def _note(self, text: str) -> None:
        if text not in self.notes:  # the source may be walked twice
            self.notes.append(text)

    def _nothing(self, bag: Path) -> str:
        return (f'{bag.name} gives no pair of frame and command and is left out'
                + (f' ({self._problem})' if self._problem else ''))

    def _demonstration(self, name: str, bag: Path, cut: Cut, answered: Answered,
                       recording: Recording | None) -> Demonstration:
        stamps = np.array([frame.stamp_ns for frame in answered.frames])
        videos = {}
        if self._options.videos:
            namespace = self._options.settings.get(
                'namespace', '' if recording is None else recording.namespace)
            videos, lacks = write_pictures(bag, self._contract, namespace, stamps, self._scratch,
                                           len(self._facts))
            # Recorded without cameras: nothing is lost, so nothing is said.
            if len(lacks) < len(self._contract.cameras):
                for topic in lacks:
                    self._pictureless.setdefault(topic, []).append(name)
        status = cut.begin
        return Demonstration(
            observation={'observation': np.array([f.vector for f in answered.frames])},
            action={'action': answered.action}, timestamp_s=(stamps - stamps[0]) * 1e-9,
            success=_SUCCESS.get(_outcome(cut, recording)),
            seed=None if status is None else int(status.seed),
            noise_level=None if status is None else float(status.noise_level),
            task=recording.task if recording is not None and recording.task else None,
            videos=videos, name=name)

    def facts(self) -> dict[str, Any]:
        episodes = self._facts
        sums = {key: sum(e[key] for e in episodes) for key in (
            'frames', 'unanswered', 'missed', 'exact')}
        return {'timing': sums | {
            'contract_rate_hz': self.rate_hz,
            'true_rate_hz': float(np.median([e['rate_hz'] for e in episodes])),
            'longest_gap_s': max(e['longest_gap_s'] for e in episodes),
            'worst_latency_s': max(e['worst_latency_s'] for e in episodes),
            'worst_command_offset_s': max(e['worst_command_offset_s'] for e in episodes),
        }, 'recordings': episodes} if episodes else {}


def _timing(name: str, cut: Cut, answered: Answered, contract, recording: Recording | None
            ) -> dict[str, Any]:
    """Return what a recording really did, beside what the contract says."""
    stamps = np.array([frame.stamp_ns for frame in cut.frames], dtype=np.int64)
    gaps = np.diff(stamps) * 1e-9
    of_recording = {} if recording is None else {
        'operator': recording.operator, 'started': recording.started,
        'note': recording.note, 'recovered': recording.recovered}
    return {
        'name': name, **of_recording, 'outcome': _outcome(cut, recording),
        'frames': len(cut.frames), 'unanswered': answered.unanswered, 'exact': answered.exact,
        'missed': int(np.maximum(np.round(gaps * contract.rate_hz) - 1, 0).sum()),
        'rate_hz': float(1 / np.median(gaps)) if gaps.size else contract.rate_hz,
        'longest_gap_s': float(gaps.max(initial=0.0)),
        'worst_latency_s': _worst_latency_s(stamps, cut.received_ns),
        'worst_command_offset_s': answered.worst_offset_s}


def _worst_latency_s(stamps_ns: np.ndarray, received_ns: list[int]) -> float:
    """Return the longest time from stamp to receipt [s], counted from the shortest."""
    # The clocks may differ by any constant, so times count from the first.
    captured = (stamps_ns - stamps_ns[0]) * 1e-9
    received = (np.array(received_ns, dtype=np.int64) - received_ns[0]) * 1e-9
    pace = received[-1] / captured[-1] if captured[-1] > 0 else 1.0
    # A clock so much faster or slower than ours is that of a simulation, and its pace no latency.
    delays = received - captured * (1.0 if _SAME_PACE[0] < pace < _SAME_PACE[1] else pace)
    return float(delays.max() - delays.min())


def _outcome(cut: Cut, recording: Recording | None) -> str:
    """
    Return one of OUTCOMES: the operator's word; else the scene's about this very episode.

    A recorder that died had no time to note the second, and the end of several episodes in one bag
    is noted of the last only: so it is taken from the messages.
    """
    if recording is not None and recording.outcome != 'unknown' and recording.by_operator:
        return recording.outcome
    if cut.end is not None and cut.end.outcome.value < len(OUTCOMES):
        return OUTCOMES[cut.end.outcome.value]
    cut_short = recording is not None and recording.outcome == 'aborted' and cut.end is None
    return 'aborted' if cut_short else 'unknown'


def _is_file_of_bag(path: Path) -> bool:
    return path.suffix == '.mcap' and path.is_file()


def _bags_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    if any(path.glob('*.mcap')):
        return [path]
    return [child for child in sorted(path.iterdir())
            if child.is_dir() and not child.name.startswith('.') and any(child.glob('*.mcap'))]
