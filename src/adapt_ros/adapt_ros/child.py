"""A long computation in a process of its own, watched without waiting.

Training keeps the interpreter busy for seconds and may need more memory than there is; a node whose
one thread answers goals cannot do it. The child says where it is in JSON lines on standard error
and its result in JSON on standard output.
"""

import ctypes
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1
_KEPT_LINES = 20


class Child:
    """One command under way."""

    def __init__(self, command: Sequence[str]):
        # A file, because nobody reads while the child writes a long result.
        self._stdout = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=self._stdout, stderr=subprocess.PIPE,
            preexec_fn=_prepare,
            # Ctrl-C in a terminal goes to the node alone, which asks the child once: twice would
            # strike it while it ends.
            process_group=0)
        os.set_blocking(self._process.stderr.fileno(), False)
        self._rest = b''
        self.words: list[str] = []
        """The last lines on standard error that were not progress."""

    @property
    def code(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._process.poll()

    def progress(self) -> dict[str, Any] | None:
        """Return the newest progress since the last call, or None; never waits."""
        newest = None
        while data := self._read():
            *lines, self._rest = (self._rest + data).split(b'\n')
            for line in lines:
                found = _progress(line)
                if found is not None:
                    newest = found
                elif line.strip():
                    self.words = [*self.words, line.decode(errors='replace')][-_KEPT_LINES:]
        return newest

    def result(self) -> dict[str, Any] | None:
        """Return what the ended child wrote to standard output, or None if that is no result."""
        self._stdout.seek(0)
        try:
            found = json.loads(self._stdout.read())
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def interrupt(self) -> None:
        """Ask it to end as Ctrl-C would."""
        if self.code is None:
            self._process.send_signal(signal.SIGINT)

    def end(self, patience_s: float) -> None:
        """Ask it to end and wait; after `patience_s` end it by force."""
        self.interrupt()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Free what belongs to the ended child."""
        self._process.stderr.close()
        self._stdout.close()

    def _read(self) -> bytes:
        try:
            return os.read(self._process.stderr.fileno(), 65536)
        except BlockingIOError:
            return b''


def _progress(line: bytes) -> dict[str, Any] | None:
    if not line.startswith(b'{'):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and 'stage' in found else None


def _prepare() -> None:
    """In the child: end with the parent, even if that is killed; take Ctrl-C as a shell would."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
