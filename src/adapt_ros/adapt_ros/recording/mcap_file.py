"""
An MCAP file that is written as it happens.

What has been put is whole on the disk, chunk by chunk, so that a process that dies leaves a file
of which all but its unwritten end can be read (`salvage`). `finish` adds the summary by which
readers find their way. Not safe for several threads.
"""

import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from adapt_ros.recording import records
from adapt_ros.recording.records import Channel, Schema

Entry = tuple[int, int, int]
"""(channel, log time [ns], place within the chunk) of one message."""
_FAR = 2**63 - 1


class McapFile:
    """Write one file; raises OSError as the system does."""

    def __init__(self, path: Path, library: str):
        self.path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        self.size = 0
        """Bytes that are whole in the file."""
        self.schemas: dict[str, Schema] = {}
        self.channels: list[Channel] = []
        self.counts: dict[int, int] = {}
        """Messages per channel."""
        self.first_ns, self.last_ns = _FAR, 0
        self._chunk_index: list[bytes] = []
        self._metadata_index: list[bytes] = []
        self._put(records.MAGIC + records.record(
            records.HEADER, records.string('ros2') + records.string(library)))

    def add_metadata(self, name: str, values: Mapping[str, str]) -> None:
        """Write named texts."""
        data = records.metadata(name, values)
        place = self._put(data)
        self._metadata_index.append(records.record(
            records.METADATA_INDEX,
            struct.pack('<QQ', place, len(data)) + records.string(name)))

    def add_channel(self, topic: str, type_name: str, definition: str,
                    metadata: Mapping[str, str]) -> int:
        """Write a topic, with its type where that is new; return the number of the channel."""
        new = b''
        schema = self.schemas.get(type_name)
        if schema is None:
            schema = Schema(len(self.schemas) + 1, type_name, definition)
            new = schema.record()
        channel = Channel(len(self.channels) + 1, schema.id, topic, metadata)
        self._put(new + channel.record())
        self.schemas[type_name] = schema
        self.channels.append(channel)
        self.counts[channel.id] = 0
        return channel.id

    def add_chunk(self, messages: Sequence[bytes], entries: Sequence[Entry]) -> None:
        """Write message records as one chunk with its index; entries are in the same order."""
        data = b''.join(messages)
        times = [log_ns for _, log_ns, _ in entries]
        first, last = min(times), max(times)
        body = records.CHUNK_HEAD.pack(first, last, len(data), zlib.crc32(data)) \
            + records.string('') + struct.pack('<Q', len(data))
        chunk = records.HEAD.pack(records.CHUNK, len(body) + len(data)) + body
        length = len(chunk) + len(data)
        by_channel: dict[int, list[tuple[int, int]]] = {}
        for channel, log_ns, place in entries:
            by_channel.setdefault(channel, []).append((log_ns, place))
        index, places = b'', []
        for channel, rows in by_channel.items():
            places.append((channel, self.size + length + len(index)))
            index += records.record(records.MESSAGE_INDEX, struct.pack('<H', channel)
                                    + records.numbers('<QQ', rows))
        start = self._put(chunk, data, index)
        self._chunk_index.append(records.record(
            records.CHUNK_INDEX,
            struct.pack('<QQQQ', first, last, start, length) + records.numbers('<HQ', places)
            + struct.pack('<Q', len(index)) + records.string('')
            + struct.pack('<QQ', len(data), len(data))))
        self.first_ns, self.last_ns = min(self.first_ns, first), max(self.last_ns, last)
        for channel, rows in by_channel.items():
            self.counts[channel] += len(rows)

    def finish(self) -> None:
        """Write the summary and close the file; after an OSError it can be tried again."""
        groups = [
            (records.SCHEMA, b''.join(schema.record() for schema in self.schemas.values())),
            (records.CHANNEL, b''.join(channel.record() for channel in self.channels)),
            (records.STATISTICS, self._statistics()),
            (records.METADATA_INDEX, b''.join(self._metadata_index)),
            (records.CHUNK_INDEX, b''.join(self._chunk_index)),
        ]
        end = records.record(records.DATA_END, struct.pack('<I', 0))
        start = place = self.size + len(end)
        summary, offsets = b'', b''
        for opcode, group in groups:
            if group:
                offsets += records.record(
                    records.SUMMARY_OFFSET, struct.pack('<BQQ', opcode, place, len(group)))
                summary, place = summary + group, place + len(group)
        footer = records.HEAD.pack(records.FOOTER, 20) + struct.pack('<QQ', start, place)
        checked = zlib.crc32(summary + offsets + footer)
        self._put(end, summary, offsets, footer, struct.pack('<I', checked), records.MAGIC)
        self.sync()
        self.close()

    def sync(self) -> None:
        """Wait until everything is on the disk."""
        os.fsync(self._handle)

    def close(self) -> None:
        """Close the file as it is."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def is_there(self) -> bool:
        """Return whether the file still has its name; writing to a deleted one does not fail."""
        try:
            mine, named = os.fstat(self._handle), os.stat(self.path)
        except OSError:
            return False
        return (mine.st_dev, mine.st_ino) == (named.st_dev, named.st_ino)

    def _put(self, *parts: bytes) -> int:
        """Append all parts or none; return the place of the first."""
        place = self.size
        try:
            for part in parts:
                view = memoryview(part)
                while view:
                    view = view[os.write(self._handle, view):]
        except OSError:
            os.ftruncate(self._handle, place)
            os.lseek(self._handle, place, os.SEEK_SET)
            raise
        self.size += sum(map(len, parts))
        return place

    def _statistics(self) -> bytes:
        total = sum(self.counts.values())
        return records.record(records.STATISTICS, struct.pack(
            '<QHIIIIQQ', total, len(self.schemas), len(self.channels), 0,
            len(self._metadata_index), len(self._chunk_index),
            self.first_ns if total else 0, self.last_ns)
            + records.numbers('<HQ', sorted(self.counts.items())))


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk: a file without one is lost."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
