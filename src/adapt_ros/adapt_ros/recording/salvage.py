"""
Reading an MCAP file of which the end, or a part, is missing.

A record counts when it is whole; a chunk is checked by its CRC. Of a chunk that was cut off the
whole messages in front are taken. Behind a record that makes no sense, reading goes on with the
next whole chunk.
"""

import mmap
import os
import re
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from adapt_learning.errors import DatasetError
from adapt_ros.recording import records
from adapt_ros.recording.mcap_file import Entry
from adapt_ros.recording.records import Channel, Cursor, Schema

# Larger than any chunk of ours; a length above it is not one.
_LONGEST = 2**31
# How a chunk looks, uncompressed and below 256 TB.
_CHUNK = re.compile(rb'\x06.{6}\0\0.{28}\0{4}.{6}\0\0', re.DOTALL)
# A chunk's record is so much longer than what is in it.
_CHUNK_EXTRA = records.CHUNK_HEAD.size + 4 + 8
# How a serialized message (CDR, either byte order) begins.
_ENCAPSULATIONS = (b'\x00\x01', b'\x00\x00')


@dataclass
class Salvage:
    """What could be read, beside the messages themselves."""

    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    is_finished: bool = False
    """The file has its end: nothing is missing."""
    damaged_bytes: int = 0
    """In chunks whose content is not what was written."""
    unread_bytes: int = 0
    """Behind the last record that could be read."""


def read_chunks(path: Path, found: Salvage) -> Iterator[tuple[list[bytes], list[Entry]]]:
    """
    Yield the message records of each readable chunk with their index, and fill `found`.

    One chunk is held in memory at a time. Raises DatasetError for a file that is no MCAP file of a
    ROS 2 recorder at all, or a compressed one.
    """
    size = path.stat().st_size
    with open(path, 'rb') as file:
        if file.read(len(records.MAGIC)) != records.MAGIC:
            raise DatasetError(f'{path} is not an MCAP file, or not even its first bytes were '
                               'written: nothing in it can be repaired')
        place: int | None = file.tell()
        while place is not None:
            file.seek(place)
            good = yield from _in_order(path, file, size, found)
            place = None if found.is_finished else _next_chunk(file, good)
            if place is not None:
                found.damaged_bytes += place - good
        found.unread_bytes = 0 if found.is_finished else size - good


def _in_order(path: Path, file: BinaryIO, size: int, found: Salvage
              ) -> Generator[tuple[list[bytes], list[Entry]], None, int]:
    """Yield chunks until a record cannot be read; return where that one begins."""
    good = file.tell()
    while head := _head(file, size):
        opcode, length = head
        if opcode == records.CHUNK:
            whole = file.tell() + length <= size
            if not whole and length > _LONGEST:
                break
            body = file.read(length)
            kept = _chunk(path, body, found, whole)
            if kept is not None and kept[0]:
                yield kept
            if not whole:
                break
        elif file.tell() + length > size or length > _LONGEST:
            break
        else:
            try:
                _take(opcode, file.read(length), found)
            except ValueError:
                break
            if opcode == records.FOOTER:
                found.is_finished = file.read() == records.MAGIC
        good = file.tell()
    return good


def _next_chunk(file: BinaryIO, start: int) -> int | None:
    """Return where the next chunk behind `start` begins that is whole; None: there is none."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for match in _CHUNK.finditer(data, start + 1):
            at = match.start() + records.HEAD.size
            _, length = records.HEAD.unpack_from(data, match.start())
            _, _, size, crc = records.CHUNK_HEAD.unpack_from(data, at)
            if length == size + _CHUNK_EXTRA and at + length <= len(data) \
                    and zlib.crc32(data[at + _CHUNK_EXTRA:at + length]) == crc:
                return match.start()
    return None


def metadata_of(path: Path) -> dict[str, dict[str, str]]:
    """Return the named texts of a file, finished or not; chunks are skipped."""
    found = Salvage()
    size = path.stat().st_size
    with open(path, 'rb') as file:
        if file.read(len(records.MAGIC)) != records.MAGIC:
            return {}
        while head := _head(file, size):
            opcode, length = head
            if file.tell() + length > size:
                break
            if opcode != records.METADATA:
                file.seek(length, os.SEEK_CUR)
                continue
            try:
                _take(opcode, file.read(length), found)
            except ValueError:
                break
    return found.metadata


def _head(file: BinaryIO, size: int) -> tuple[int, int] | None:
    data = file.read(records.HEAD.size)
    if len(data) < records.HEAD.size:
        return None
    opcode, length = records.HEAD.unpack(data)
    # A disk that lost power may have given the file its size but not its content: zeros.
    return (opcode, length) if opcode else None


def _take(opcode: int, body: bytes, found: Salvage) -> None:
    if opcode == records.SCHEMA:
        schema = Schema.parse(body)
        found.schemas[schema.id] = schema
    elif opcode == records.CHANNEL:
        channel = Channel.parse(body)
        found.channels[channel.id] = channel
    elif opcode == records.METADATA:
        name, values = records.parse_metadata(body)
        found.metadata[name] = values


def _chunk(path: Path, body: bytes, found: Salvage, whole: bool
           ) -> tuple[list[bytes], list[Entry]] | None:
    """Return the messages of a chunk, or None where it is damaged."""
    cursor = Cursor(body)
    try:
        _, _, size, crc = cursor.take('<QQQI')
        compression = cursor.string()
        cursor.take('<Q')
    except ValueError:
        return None
    if compression:
        raise DatasetError(f'{path} is compressed with {compression}, which the recorder never '
                           "does; repair it with 'mcap recover' of the tool mcap")
    data = body[cursor.at:]
    if whole and (len(data) != size or (crc and zlib.crc32(data) != crc)):
        found.damaged_bytes += len(body)
        return None
    messages, entries, at, place = [], [], 0, 0
    while at + records.HEAD.size <= len(data):
        opcode, length = records.HEAD.unpack_from(data, at)
        end = at + records.HEAD.size + length
        if end > len(data):
            break
        inner = data[at + records.HEAD.size:end]
        if opcode == records.MESSAGE and length >= records.MESSAGE_HEAD.size:
            channel, _, log_ns, _ = records.MESSAGE_HEAD.unpack_from(inner)
            start = inner[records.MESSAGE_HEAD.size:records.MESSAGE_HEAD.size + 2]
            if channel not in found.channels or (not whole and start not in _ENCAPSULATIONS):
                break
            entries.append((channel, log_ns, place))
            messages.append(data[at:end])
            place += end - at
        elif opcode in (records.SCHEMA, records.CHANNEL):  # other recorders put them here
            try:
                _take(opcode, inner, found)
            except ValueError:
                break
        else:
            break
        at = end
    return messages, entries
