"""One running child process: start, lines of output, signals, end."""

import os
import pty
import signal
import subprocess
import termios
from typing import Any, Callable, Optional, Union

from ._linux import die_with

# What may wait in a pipe when its writer ends.
PIPE_CAPACITY = 65536


class Child:
    """A process whose output arrives line by line at a callback."""

    def __init__(self, loop: Any, command: Union[str, list[str]], *, cwd: Optional[str],
                 env: dict[str, str], tty: bool, on_line: Callable[[str, str], None],
                 on_end: Callable[[int], None]) -> None:
        self._loop, self._on_line, self._on_end = loop, on_line, on_end
        make = _terminal if tty else os.pipe
        ends = {'stdout': make(), 'stderr': make()}
        launcher = os.getpid()
        try:
            self._popen = subprocess.Popen(
                command, cwd=cwd, env=env, shell=isinstance(command, str), stdin=subprocess.PIPE,
                stdout=ends['stdout'][1], stderr=ends['stderr'][1],
                preexec_fn=lambda: die_with(launcher, signal.SIGKILL))
        except BaseException:
            for reading, _ in ends.values():
                os.close(reading)
            raise
        finally:
            for _, writing in ends.values():
                os.close(writing)
        self.pid = self._popen.pid
        self._ended = False
        self._buffers = {stream: b'' for stream in ends}
        self._open = {stream: reading for stream, (reading, _) in ends.items()}
        for stream, reading in self._open.items():
            os.set_blocking(reading, False)
            loop.add_reader(reading, self._read, stream)

    def send_signal(self, signal_number: int) -> None:
        """Send a signal, unless the process has ended."""
        self._popen.send_signal(signal_number)

    def poll(self) -> bool:
        """Hand on the end of the process; return True once nothing more can come from it."""
        code = self._popen.poll()
        if code is not None and not self._ended:
            self._ended = True
            for stream in self._buffers:
                # Not until the end of the stream: grandchildren may hold it, and write for ever.
                budget = PIPE_CAPACITY
                while budget > 0 and stream in self._open and (count := self._read(stream)):
                    budget -= count
                self._hand_on(stream, last=True)
            self._popen.stdin.close()
            self._on_end(code)
        return self._ended and not self._open

    def close(self) -> None:
        """Stop listening. Until then grandchildren may still use the output."""
        for stream in list(self._open):
            self._close(stream)

    def _read(self, stream: str) -> int:
        try:
            data = os.read(self._open[stream], 16384)
        except BlockingIOError:
            return 0
        except OSError:  # what a terminal says at its end
            data = b''
        self._buffers[stream] += data
        self._hand_on(stream, last=not data)
        if not data:
            self._close(stream)
        return len(data)

    def _hand_on(self, stream: str, last: bool) -> None:
        *lines, rest = self._buffers[stream].split(b'\n')
        self._buffers[stream] = b'' if last else rest
        for line in lines + [rest] * (last and bool(rest)):
            self._on_line(stream, line.decode(errors='replace'))

    def _close(self, stream: str) -> None:
        reading = self._open.pop(stream)
        self._loop.remove_reader(reading)
        os.close(reading)


def _terminal() -> tuple[int, int]:
    reading, writing = pty.openpty()
    settings = termios.tcgetattr(writing)
    settings[1] &= ~termios.ONLCR  # else every line would end in carriage return and newline
    termios.tcsetattr(writing, termios.TCSANOW, settings)
    return reading, writing
