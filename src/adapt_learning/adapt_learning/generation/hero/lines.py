"""A JSONL file that grows line by line; each line is on disk before it counts."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Lines:
    """
    The whole lines of a file, and a way to add one; only one writer at a time.

    A line without its end was cut off while it was written: it never counted, and the next one
    takes its place.
    """

    def __init__(self, path: Path):
        self.path = path
        content = path.read_bytes() if path.is_file() else b''
        self._whole = content.rfind(b'\n') + 1
        self.found: list[bytes] = content[:self._whole].splitlines()
        """What was there at the beginning."""

    def append(self, values: Mapping[str, Any]) -> None:
        """Write a line; it is on disk when this returns."""
        with self.path.open('ab') as file:
            file.truncate(self._whole)
            file.write(json.dumps(values).encode() + b'\n')
            file.flush()
            os.fsync(file.fileno())
            self._whole = file.tell()
