"""
Rosbag2 bags (MCAP) <-> samples and frames.

Messages are read in the order of their receipt and pass through the same codecs and the same
FrameAssembler as on the robot, so a bag gives the frames that the live policy had. Needs no
running middleware: adapt_msgs is read from its .msg files.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from ament_index_python.packages import get_package_share_directory
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.rosbag2.errors import ReaderError
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from adapt_learning.errors import DatasetError, SampleError
from adapt_learning.frames import Contract, Frame, FrameAssembler, Layout
from adapt_ros.bridge import check, is_of_others, read
from adapt_ros.codecs import stamp_ns
from adapt_ros.recording.about import recording_of

EPISODE_TOPIC, EPISODE_TYPE = 'episode', 'adapt_msgs/msg/EpisodeStatus'
_IDLE, _RUNNING = 0, 1
_REMEDY = ('if demo_recorder made {it}, remove {its} metadata.yaml: the next import then keeps '
           'what is whole')


@dataclass(frozen=True)
class Sample:
    """One message of a contract's topic."""

    received_ns: int
    """When the recorder received it [ns], on the recorder's clock."""
    topic: str
    """Name as the contract writes it."""
    stamp_ns: int
    """Capture stamp [ns]; the time of receipt where the message has no header."""
    raw: dict[str, np.ndarray] = field(default_factory=dict)
    """Raw value per observation or action key of the topic."""
    status: object = None
    """The EpisodeStatus, for samples of the episode topic."""


class MissingTopics(DatasetError):
    """A bag has no message on a topic that the contract needs."""


def read_samples(bag: str | Path, contract: Contract, namespace: str | None = None,
                 episode_topic: str | None = None,
                 on_malformed: Callable[[str, str], None] | None = None) -> Iterator[Sample]:
    """
    Yield the samples of the contract's topics, and the episodes, in the order of receipt.

    `namespace` is where the nodes stood (`robot1`), `episode_topic` where episodes were announced;
    None takes what the recorder noted in the bag. Raises DatasetError for a bag that is damaged,
    was recorded for another interface, lacks a topic of the observation or has one of another type.
    A message that does not fit the contract is left out, as the live node does, and told by
    `on_malformed(topic, sentence)`; without that it is a SampleError.
    """
    namespace, episode_topic = _as_recorded(bag, contract, namespace, episode_topic)
    features: dict[str, list] = {}
    for part in (*contract.observation, *contract.action):
        if getattr(part, 'derive', None) is None:
            features.setdefault(part.topic, []).append(part)
    kinds = {topic: parts[0].type for topic, parts in features.items()}
    kinds[episode_topic] = EPISODE_TYPE
    names = {resolved(topic, namespace): topic for topic in kinds}
    layout = Layout(contract)
    with _opened(Path(bag)) as reader:
        wanted = [c for c in reader.connections if c.topic in names]
        for connection in wanted:
            expected = kinds[names[connection.topic]]
            if connection.msgtype != expected:
                raise DatasetError(f'{bag}: topic {connection.topic} is a {connection.msgtype}; '
                                   f"the contract '{contract.name}' has {expected}")
        present = {names[c.topic] for c in wanted}
        received = {f.topic for f in contract.observation if f.derive is None}
        if missing := sorted(received - present):
            raise MissingTopics(
                f"{bag}: the contract '{contract.name}' needs the topics {missing}; the bag has "
                f'{sorted(c.topic for c in reader.connections)}')
        for connection, received_ns, data in reader.messages(wanted):
            topic = names[connection.topic]
            try:
                message = _message(reader, data, connection.msgtype)
                if topic == episode_topic:
                    sample = Sample(received_ns, topic, stamp_ns(message), status=message)
                elif is_of_others(message, features[topic]):
                    continue
                else:
                    sample = Sample(received_ns, topic,
                                    *read(message, features[topic], received_ns))
                    check(sample.raw, features[topic], layout)
            except SampleError as error:
                if on_malformed is None:
                    raise
                on_malformed(topic, str(error))
                continue
            yield sample


def read_frames(bag: str | Path, contract: Contract, namespace: str | None = None,
                episode_topic: str | None = None) -> Iterator[Frame]:
    """
    Yield the frames that a policy would have had live; episodes begin and end as there.

    Arguments and errors are those of `read_samples`.
    """
    samples = read_samples(bag, contract, namespace, episode_topic)
    for _, frame in replay(samples, FrameAssembler(contract)):
        if frame is not None:
            yield frame


def replay(samples: Iterable[Sample], assembler: FrameAssembler
           ) -> Iterator[tuple[Sample, Frame | None]]:
    """Yield every sample with the frame that it completes, if any, as the live node has it."""
    began: tuple[int, int] | None = None
    for sample in samples:
        frame = None
        if sample.status is None:
            if sample.topic in assembler.keys_of:
                frame = assembler.push(sample.topic, sample.stamp_ns, sample.raw)
        elif sample.status.state == _RUNNING:
            if began != (sample.status.episode, sample.stamp_ns):
                began = (sample.status.episode, sample.stamp_ns)
                frame = assembler.begin_episode(sample.stamp_ns)
        else:
            began = None
            assembler.end_episode()
            if sample.status.state == _IDLE:
                assembler.reset()
        yield sample, frame


def messages_of(bag: str | Path, topic: str) -> Iterator[tuple[int, object]]:
    """Yield (time of receipt [ns], message) of one topic by its full name."""
    with _opened(Path(bag)) as reader:
        wanted = [c for c in reader.connections if c.topic == topic]
        for connection, received_ns, data in reader.messages(wanted) if wanted else ():
            yield received_ns, reader.deserialize(data, connection.msgtype)


def check_whole(bags: Iterable[Path]) -> None:
    """Read bags to their ends; raises one DatasetError that names all that are damaged."""
    found = [problem for problem in map(_damage, bags) if problem]
    if found:
        raise DatasetError(f'{"; ".join(found)}; {_remedy(len(found))}')


def _damage(bag: Path) -> str:
    """Return what is wrong with a bag, checksums included, or ''."""
    try:
        reader = AnyReader([bag], default_typestore=typestore())
        reader.open()
    except Exception as error:  # rosbags raises a class of its own for each kind of damage
        return f'{bag} cannot be read as a rosbag2 bag: {_words(error)}'
    try:
        for _ in reader.messages():
            pass
    except Exception as error:
        return f'{bag} is damaged: {_words(error)}'
    finally:
        reader.close()
    return ''


def _words(error: Exception) -> str:
    """Return a library's message in one line and without its full stop."""
    return ' '.join(str(error).split()).rstrip('.') or type(error).__name__


def _remedy(number: int = 1) -> str:
    it, its = ('it', 'its') if number == 1 else ('them', 'their')
    return _REMEDY.format(it=it, its=its)


@cache
def typestore() -> Typestore:
    """Return the message types of Jazzy and of adapt_msgs."""
    store = get_typestore(Stores.ROS2_JAZZY)
    types = {}
    for path in sorted(Path(get_package_share_directory('adapt_msgs'), 'msg').glob('*.msg')):
        types.update(get_types_from_msg(path.read_text(), f'adapt_msgs/msg/{path.stem}'))
    store.register(types)
    return store


def _as_recorded(bag: str | Path, contract: Contract, namespace: str | None,
                 episode_topic: str | None) -> tuple[str, str]:
    """Return namespace and episode topic; refuse a bag of a robot that speaks otherwise."""
    recording = recording_of(bag)
    if recording is None:
        return namespace or '', episode_topic or EPISODE_TOPIC
    recorded = recording.contract
    if recorded.interface_hash != contract.interface_hash:
        raise DatasetError(
            f"{bag} was recorded by the contract '{recorded.name}' (interface "
            f"{recorded.interface_hash}), and it is read by '{contract.name}' (interface "
            f"{contract.interface_hash}); read it by its own contract, which is stored in it")
    return (recording.namespace if namespace is None else namespace,
            recording.episode_topic if episode_topic is None else episode_topic)


def _message(reader: AnyReader, data: bytes, type_name: str):
    try:
        return reader.deserialize(data, type_name)
    except Exception as error:  # what rosbags raises depends on where the bytes are wrong
        raise SampleError(f'it cannot be read as {type_name}: {error}') from error


@contextmanager
def _opened(bag: Path) -> Iterator[AnyReader]:
    if not bag.exists():
        raise DatasetError(f'there is no bag {bag}')
    try:
        reader = AnyReader([bag], default_typestore=typestore())
        reader.open()
    except Exception as error:  # rosbags raises a class of its own for each kind of damage
        raise DatasetError(f'{bag} cannot be read as a rosbag2 bag: {_words(error)}; {_remedy()}'
                           ) from error
    try:
        yield reader
    except (AnyReaderError, ReaderError, EOFError, struct.error) as error:
        raise DatasetError(f'{bag} is damaged: {_words(error)}; {_remedy()}') from error
    finally:
        reader.close()


def resolved(topic: str, namespace: str) -> str:
    """Return the full name of a contract's topic."""
    if topic.startswith('/'):
        return topic
    return '/' + '/'.join(part for part in (namespace.strip('/'), topic) if part)
