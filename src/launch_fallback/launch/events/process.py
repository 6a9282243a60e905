"""Events of processes."""

import signal
from typing import Any, Callable, Optional, Union

from .._refuse import names_of
from ._event import Event

__all__ = [
    'ProcessExited', 'ProcessStarted', 'RunningProcessEvent', 'ShutdownProcess',
    'SignalProcess',
]
__getattr__ = names_of(__name__)


class RunningProcessEvent(Event):
    """Something happened to a process."""

    name = 'launch.events.process.RunningProcessEvent'

    def __init__(self, *, action: Any, name: str, cmd: list[str], cwd: Optional[str],
                 env: Optional[dict], pid: int) -> None:
        self.action = action
        self.process_name = name
        self.cmd = cmd
        self.cwd = cwd
        self.env = env
        self.pid = pid


class ProcessStarted(RunningProcessEvent):
    """A process runs."""

    name = 'launch.events.process.ProcessStarted'


class ProcessExited(RunningProcessEvent):
    """A process came to its end."""

    name = 'launch.events.process.ProcessExited'

    def __init__(self, *, returncode: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.returncode = returncode


class ShutdownProcess(Event):
    """One process shall be ended: SIGINT, then SIGTERM, then SIGKILL."""

    name = 'launch.events.process.ShutdownProcess'

    def __init__(self, *, process_matcher: Callable[[Any], bool]) -> None:
        self.process_matcher = process_matcher


class SignalProcess(Event):
    """One process shall get a signal."""

    name = 'launch.events.process.SignalProcess'

    def __init__(self, *, signal_number: Union[str, int],
                 process_matcher: Callable[[Any], bool]) -> None:
        is_name = isinstance(signal_number, str)
        self.signal = signal.Signals[signal_number] if is_name else signal.Signals(signal_number)
        self.process_matcher = process_matcher
