"""A terminal that hands over every key at once, and is given back as it was."""

import atexit
import os
import re
import select
import sys
import termios
import tty

from adapt_learning.errors import SettingError

# Arrow and function keys come as several characters that begin with ESC.
_SEQUENCE = re.compile(r'\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|.)?')


class Terminal:
    """Keys of the controlling terminal without waiting for Enter; Ctrl-C still ends the program."""

    def __init__(self):
        self._own = not sys.stdin.isatty()
        try:
            self._file = os.open('/dev/tty', os.O_RDONLY | os.O_NOCTTY) if self._own \
                else sys.stdin.fileno()
            self._before = termios.tcgetattr(self._file)
        except (OSError, termios.error):
            raise SettingError('the keyboard needs a terminal, and this process has none; start '
                               'it in a terminal of its own: ros2 run adapt_ros keyboard'
                               ) from None
        # Whatever ends the process, other than kill -9, leaves a terminal that echoes.
        atexit.register(self.close)
        tty.setcbreak(self._file, termios.TCSANOW)

    def read(self) -> str:
        """Return the keys that were pressed since the last call; never waits."""
        try:
            # Not O_NONBLOCK: the screen is the same open file, and printing would fail.
            ready, _, _ = select.select([self._file], [], [], 0)
            data = os.read(self._file, 4096) if ready else b''
        except OSError:  # the terminal was closed
            return ''
        return _SEQUENCE.sub('', data.decode(errors='ignore'))

    def close(self) -> None:
        """Give the terminal back."""
        if self._before is None:
            return
        atexit.unregister(self.close)
        before, self._before = self._before, None
        try:
            termios.tcsetattr(self._file, termios.TCSANOW, before)
            if self._own:
                os.close(self._file)
        except (OSError, termios.error):
            pass  # a terminal that is gone needs nothing
