"""
The records of an MCAP file <-> bytes (mcap.dev/spec, version 0).

Only what a rosbag2 bag is made of: no attachments, no compression. Little endian throughout;
times are [ns].
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAGIC = b'\x89MCAP0\r\n'
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX, CHUNK_INDEX = range(1, 9)
STATISTICS, METADATA, METADATA_INDEX, SUMMARY_OFFSET, DATA_END = range(0x0B, 0x10)
HEAD = struct.Struct('<BQ')
"""Every record: opcode and length of what follows."""
MESSAGE_HEAD = struct.Struct('<HIQQ')
"""Channel, sequence, log time, publish time; the serialized message follows."""
CHUNK_HEAD = struct.Struct('<QQQI')
"""First and last log time, size and CRC-32 of the records; compression and records follow."""


@dataclass(frozen=True)
class Schema:
    """The definition of a message type."""

    id: int
    name: str
    """Such as geometry_msgs/msg/PoseStamped."""
    text: str
    encoding: str = 'ros2msg'

    def record(self) -> bytes:
        """Return the record."""
        return record(SCHEMA, struct.pack('<H', self.id) + string(self.name)
                      + string(self.encoding) + string(self.text))

    @classmethod
    def parse(cls, body: bytes) -> 'Schema':
        """Read the body of a record."""
        cursor = Cursor(body)
        (number,) = cursor.take('<H')
        name, encoding = cursor.string(), cursor.string()
        return cls(number, name, cursor.string(), encoding)


@dataclass(frozen=True)
class Channel:
    """A topic of the bag."""

    id: int
    schema_id: int
    topic: str
    metadata: Mapping[str, str]
    encoding: str = 'cdr'

    def record(self) -> bytes:
        """Return the record."""
        return record(CHANNEL, struct.pack('<HH', self.id, self.schema_id) + string(self.topic)
                      + string(self.encoding) + mapping(self.metadata))

    @classmethod
    def parse(cls, body: bytes) -> 'Channel':
        """Read the body of a record."""
        cursor = Cursor(body)
        number, schema = cursor.take('<HH')
        topic, encoding = cursor.string(), cursor.string()
        return cls(number, schema, topic, cursor.mapping(), encoding)


class Cursor:
    """Reads the parts of a record one after the other; raises ValueError where it is too short."""

    def __init__(self, data: bytes):
        self._data = data
        self.at = 0

    def take(self, form: str) -> tuple:
        """Return the next numbers."""
        try:
            values = struct.unpack_from(form, self._data, self.at)
        except struct.error as error:
            raise ValueError(f'a record ends too early: {error}') from error
        self.at += struct.calcsize(form)
        return values

    def bytes(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        if self.at + size > len(self._data):
            raise ValueError('a record ends too early')
        self.at += size
        return self._data[self.at - size:self.at]

    def string(self) -> str:
        """Return the next text."""
        return self.bytes(*self.take('<I')).decode()

    def mapping(self) -> dict[str, str]:
        """Return the next map of texts."""
        (size,) = self.take('<I')
        end, found = self.at + size, {}
        while self.at < end:
            key = self.string()
            found[key] = self.string()
        return found


def record(opcode: int, body: bytes) -> bytes:
    """Return a whole record."""
    return HEAD.pack(opcode, len(body)) + body


def string(text: str) -> bytes:
    """Return a text with its length in front."""
    data = text.encode()
    return struct.pack('<I', len(data)) + data


def mapping(values: Mapping[str, str]) -> bytes:
    """Return a map of texts with its length in front."""
    data = b''.join(string(key) + string(value) for key, value in values.items())
    return struct.pack('<I', len(data)) + data


def numbers(form: str, rows: Iterable[tuple]) -> bytes:
    """Return rows of numbers with their length in bytes in front."""
    data = b''.join(struct.pack(form, *row) for row in rows)
    return struct.pack('<I', len(data)) + data


def message(channel: int, sequence: int, log_ns: int, data: bytes) -> bytes:
    """Return a message record; publish time is log time, since rclpy does not tell it cheaply."""
    return (HEAD.pack(MESSAGE, MESSAGE_HEAD.size + len(data))
            + MESSAGE_HEAD.pack(channel, sequence, log_ns, log_ns) + data)


def metadata(name: str, values: Mapping[str, str]) -> bytes:
    """Return a metadata record."""
    return record(METADATA, string(name) + mapping(values))


def parse_metadata(body: bytes) -> tuple[str, dict[str, str]]:
    """Read the body of a metadata record: name and values."""
    cursor = Cursor(body)
    return cursor.string(), cursor.mapping()
