"""
One rosbag2 bag, written as it happens.

`write` only puts a message into a list, so that whoever receives messages is never held up by the
disk. A thread takes the list every quarter of a second, writes it as one chunk and waits until the
disk has it: what is older is safe from `kill -9` and from a power cut.
"""

import threading
from collections.abc import Mapping
from pathlib import Path

from adapt_learning.errors import DatasetError
from adapt_ros.recording import records, rosbag2
from adapt_ros.recording.about import ABOUT, ENDED
from adapt_ros.recording.mcap_file import Entry, McapFile, sync_folder

FLUSH_S = 0.25
_CHUNK_BYTES = 4 * 2**20
# What may wait for a slow disk; then it is refused, rather than eat the memory of the robot.
_WAITING_BYTES = 256 * 2**20


class BagWriter:
    """
    A bag that grows. `begin` makes the folder, `end` its summary and metadata.yaml.

    Times are [ns]. `problem` says why nothing can be written any more ('' while all is well).
    """

    def __init__(self, folder: Path, about: Mapping[str, str]):
        self.folder = folder
        self.about = dict(about)
        self.messages = 0
        self.bytes = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.problem = ''
        self._sequences: dict[int, int] = {}
        self._channels: dict[str, int] = {}
        self._waiting: list[bytes] = []
        self._entries: list[Entry] = []
        self._waiting_bytes = 0
        self._lock, self._file_lock = threading.Lock(), threading.Lock()
        self._wake, self._stop = threading.Event(), False
        folder.mkdir(parents=True)
        self._file = McapFile(folder / f'{folder.name}_0.mcap', rosbag2.LIBRARY)
        self._file.add_metadata(ABOUT, self.about)
        self._file.sync()
        for path in (folder, folder.parent):
            sync_folder(path)
        self._thread = threading.Thread(target=self._run, name='bag writer', daemon=True)
        self._thread.start()

    def add_topic(self, topic: str, type_name: str, profiles=()) -> None:
        """Announce a topic by its full name; `profiles` are the QoS that its publishers offer."""
        if topic in self._channels or self.problem:
            return
        text, type_hash = rosbag2.definition(type_name)
        with self._file_lock:
            try:
                self._channels[topic] = self._file.add_channel(
                    topic, type_name, text, rosbag2.channel_metadata(type_hash, profiles))
            except OSError as error:
                self._fail(error)

    def write(self, topic: str, log_ns: int, data: bytes) -> None:
        """Take one serialized message; log times never go back within a bag."""
        if self.problem or self._stop:
            return
        channel = self._channels[topic]
        if self.first_ns is None:
            self.first_ns = log_ns
        log_ns = self.last_ns = max(log_ns, self.last_ns or 0)
        sequence = self._sequences[channel] = self._sequences.get(channel, -1) + 1
        record = records.message(channel, sequence, log_ns, data)
        with self._lock:
            self._entries.append((channel, log_ns, self._waiting_bytes))
            self._waiting.append(record)
            self._waiting_bytes += len(record)
        self.messages += 1
        self.bytes += len(record)
        if self._waiting_bytes > _WAITING_BYTES:
            self.problem = ('the disk is too slow: more than '
                            f'{_WAITING_BYTES >> 20} MiB wait to be written')
        elif self._waiting_bytes > _CHUNK_BYTES:
            self._wake.set()

    def check(self) -> None:
        """Find out whether the file is still there."""
        if not self.problem and not self._file.is_there():
            self.problem = f'{self._file.path} was removed while it was being written'

    def hold(self) -> None:
        """Take no more messages and bring all of them to the disk."""
        self._stop = True
        self._wake.set()
        self._thread.join()

    def end(self, ended: Mapping[str, str]) -> None:
        """
        Complete the bag: summary and metadata.yaml.

        Raises DatasetError where that fails; what is on the disk can then be repaired.
        """
        self.hold()
        if not self._file.is_there():
            self._file.close()
            raise DatasetError(self.problem or f'{self._file.path} is gone')
        custom = self.about | dict(ended)
        try:
            self._file.add_metadata(ENDED, ended)
            values = rosbag2.information(self._file, custom)
            self._file.add_metadata('rosbag2', {'serialized_metadata': rosbag2.dump(values)})
            self._file.finish()
            rosbag2.write_metadata(self.folder, values)
        except OSError as error:
            self._file.close()
            raise DatasetError(
                f'{self.folder.name} could not be completed: {error.strerror}; make room and '
                'start the recorder again, it repairs what is there') from error

    def abandon(self) -> None:
        """Close the file as it is, without a summary."""
        self.hold()
        self._file.close()

    def flush(self) -> None:
        """Bring everything to the disk now; the thread does it in time."""
        with self._file_lock:
            with self._lock:
                messages, entries = self._waiting, self._entries
                self._waiting, self._entries, self._waiting_bytes = [], [], 0
            if not messages:
                return
            try:
                self._file.add_chunk(messages, entries)
                self._file.sync()
            except OSError as error:
                self._fail(error)

    def _run(self) -> None:
        try:
            while not self._stop:
                self._wake.wait(FLUSH_S)
                self._wake.clear()
                self.flush()
            self.flush()
        except Exception as error:
            self.problem = f'a bug, please report it: {error!r}'
            raise

    def _fail(self, error: OSError) -> None:
        self.problem = self.problem or f'writing failed: {error.strerror}'
