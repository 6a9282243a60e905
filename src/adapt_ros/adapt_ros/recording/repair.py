"""
Unfinished bags: found, completed, and what was lost said.

A bag without metadata.yaml was not ended by its recorder. All whole messages of it are copied into
a new file, which then takes the place of the broken one by a rename: killed at any moment, this
leaves a bag that can be repaired again.
"""

import errno
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from adapt_learning.data.files import own_folder
from adapt_learning.errors import DatasetError
from adapt_ros.recording import rosbag2
from adapt_ros.recording.about import ABOUT, ENDED, texts_of
from adapt_ros.recording.mcap_file import Entry, McapFile
from adapt_ros.recording.records import MESSAGE_HEAD
from adapt_ros.recording.salvage import Salvage, read_chunks

BROKEN = '.broken'
"""Suffix of a damaged original that is kept, since something inside of it was lost."""
_TEMPORARY = '.repair'
_ROOM, _PERMISSIONS = 'make room and try again, ', 'mend the permissions and try again, '
_REMEDIES = {errno.ENOSPC: _ROOM, errno.EDQUOT: _ROOM, errno.EACCES: _PERMISSIONS,
             errno.EPERM: _PERMISSIONS, errno.EROFS: _PERMISSIONS}


@dataclass(frozen=True)
class Repaired:
    """What the repair of one bag gave."""

    bag: Path
    messages: int
    first_ns: int
    """Log time of the first message that was kept [ns]; 0: there is none."""
    last_ns: int
    cut_bytes: int
    """At the end of the file, of a record that was not whole."""
    damaged_bytes: int
    """In the middle, where the content is not what was written."""
    text: str
    """One sentence for people."""


def unfinished(folder: str | Path) -> list[Path]:
    """Return the bags right below `folder` (or `folder` itself) that were not ended."""
    folder = Path(folder)
    if any(folder.glob('*.mcap')):
        return [] if (folder / rosbag2.METADATA).is_file() else [folder]
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir())
            if path.is_dir() and not path.name.startswith('.') and any(path.glob('*.mcap'))
            and not (path / rosbag2.METADATA).is_file()]


def repair_folder(folder: str | Path) -> tuple[list[Repaired], list[str]]:
    """
    Repair every unfinished bag right below `folder`, or `folder` itself where it is one.

    Returns what was done, and one sentence per bag that could not be repaired; that bag is as it
    was. Raises DatasetError where a recorder is at work there.
    """
    folder = Path(folder)
    broken = unfinished(folder)
    if not broken:
        return [], []
    with own_folder(folder.parent if broken == [folder] else folder):
        return repair_bags(broken)


def repair_bags(bags: Iterable[Path]) -> tuple[list[Repaired], list[str]]:
    """Repair bags whose folder the caller holds; returns as `repair_folder`."""
    done, failed = [], []
    for bag in bags:
        try:
            done.append(repair_bag(bag))
        except DatasetError as error:
            failed.append(str(error))
    return done, failed


def repair_bag(bag: Path) -> Repaired:
    """
    Repair one bag whose folder the caller holds.

    Raises DatasetError where nothing in it can be read, or for which there is no room.
    """
    files = sorted(bag.glob('*.mcap'))
    if odd := [path for path in files if not path.is_file()]:
        raise DatasetError(f'{odd[0]} is no file, so there is no recording in it: remove or rename '
                           'it, nothing was changed')
    if len(files) != 1:
        raise DatasetError(f'a bag of the recorder has one .mcap file; {bag} has {len(files)}, so '
                           "it is another's: repair it with 'ros2 bag reindex'")
    file = files[0]
    temporary = file.with_name(file.name + _TEMPORARY)
    texts = texts_of(bag)
    try:
        temporary.unlink(missing_ok=True)
        copy, found = _copy(file, temporary)
        result = _describe(bag, copy, found)
        ended = _ended(result, texts)
        custom = texts | ended
        copy.add_metadata(ENDED, ended)
        values = rosbag2.information(copy, custom)
        values['relative_file_paths'] = [file.name]
        values['files'][0]['path'] = file.name
        copy.add_metadata('rosbag2', {'serialized_metadata': rosbag2.dump(values)})
        copy.finish()
        if found.damaged_bytes:
            _keep_original(file)
        os.replace(temporary, file)
        rosbag2.write_metadata(bag, values)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno, '')
        raise DatasetError(f'{bag} cannot be repaired: {error.strerror}; {remedy}nothing was '
                           'changed') from error
    finally:
        temporary.unlink(missing_ok=True)
    return result


def _copy(file: Path, temporary: Path) -> tuple[McapFile, Salvage]:
    """Copy what can be read; the new file still lacks its end."""
    found = Salvage()
    copy = McapFile(temporary, rosbag2.LIBRARY)
    numbers: dict[int, int] = {}
    is_new = True
    try:
        for messages, entries in read_chunks(file, found):
            if is_new and ABOUT in found.metadata:
                copy.add_metadata(ABOUT, found.metadata[ABOUT])
                is_new = False
            _add_channels(copy, found, numbers)
            copy.add_chunk(*_renumbered(messages, entries, numbers))
        if is_new and ABOUT in found.metadata:
            copy.add_metadata(ABOUT, found.metadata[ABOUT])
        _add_channels(copy, found, numbers)
    except BaseException:
        copy.close()
        raise
    return copy, found


def _add_channels(copy: McapFile, found: Salvage, numbers: dict[int, int]) -> None:
    for channel in found.channels.values():
        schema = found.schemas.get(channel.schema_id)
        if channel.id not in numbers and schema is not None:
            numbers[channel.id] = copy.add_channel(
                channel.topic, schema.name, schema.text, channel.metadata)


def _renumbered(messages: list[bytes], entries: list[Entry], numbers: Mapping[int, int]
                ) -> tuple[list[bytes], list[Entry]]:
    """Return a chunk with the channel numbers of the copy."""
    if all(numbers.get(channel) == channel for channel, _, _ in entries):
        return messages, entries
    head = 9
    kept, rows, place = [], [], 0
    for record, (channel, log_ns, _) in zip(messages, entries, strict=True):
        if channel not in numbers:
            continue
        start = MESSAGE_HEAD.unpack_from(record, head)
        kept.append(record[:head] + MESSAGE_HEAD.pack(numbers[channel], *start[1:])
                    + record[head + MESSAGE_HEAD.size:])
        rows.append((numbers[channel], log_ns, place))
        place += len(record)
    return kept, rows


def _describe(bag: Path, copy: McapFile, found: Salvage) -> Repaired:
    messages = sum(copy.counts.values())
    first, last = (copy.first_ns, copy.last_ns) if messages else (0, 0)
    if messages:
        text = (f'{bag.name} was not ended by its recorder: {messages} messages of '
                f'{(last - first) * 1e-9:.2f} s are kept, up to {_clock(last)} UTC')
    else:
        text = f'{bag.name} was not ended by its recorder and has no message'
    if found.is_finished:
        text += '; only its metadata.yaml was missing, nothing is lost'
    else:
        text += '; what came in the last second before the recorder died may be lost'
        if found.unread_bytes:
            text += f' ({found.unread_bytes} bytes of it were half written)'
    if found.damaged_bytes:
        text += (f'; {found.damaged_bytes} bytes before that are damaged and left out (the '
                 f'original is kept with the suffix {BROKEN})')
    return Repaired(bag, messages, first, last, found.unread_bytes, found.damaged_bytes, text)


def _ended(result: Repaired, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the end of the recording as far as it is known; a stored outcome stays."""
    return {'outcome': texts.get('outcome', 'unknown'), 'note': texts.get('note', ''),
            'ended': _clock(result.last_ns) if result.messages else '',
            'recovered': _before(texts) + result.text}


def _before(texts: Mapping[str, str]) -> str:
    """Return what an earlier repair said, one that was killed before its end."""
    said = texts.get('recovered', '')
    return f'{said}; then: ' if said else ''


def _clock(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns * 1e-9, UTC).isoformat(timespec='milliseconds')[:23]


def _keep_original(file: Path) -> None:
    kept = file.with_name(file.name + BROKEN)
    if not kept.exists():
        os.link(file, kept)
