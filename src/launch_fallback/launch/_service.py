"""The loop that visits entities and handles events until nothing is left to do."""

import asyncio
import signal
import sys
import traceback
from collections.abc import Iterable
from typing import Any, Optional

from . import _log
from ._base import LaunchContext, LaunchDescriptionEntity
from .event_handlers import EventHandler
from .events import Continue, Event, Shutdown

# The process in front of us (see ros2_fallback.supervisor) passes on with this signal a SIGINT
# that did not come from the terminal and that the children therefore have not seen.
INTERRUPT_ALL = signal.SIGUSR1


class LaunchService:
    """Launches descriptions."""

    def __init__(self, *, argv: Optional[Iterable[str]] = None, noninteractive: bool = False,
                 debug: bool = False) -> None:
        _log.debug = debug
        self.context = LaunchContext(argv=argv or (), noninteractive=noninteractive)
        self.context.register_event_handler(EventHandler(
            matcher=lambda event: isinstance(event, Continue), entities=self._continue))
        self.context.register_event_handler(EventHandler(
            matcher=lambda event: isinstance(event, Shutdown), entities=self._on_shutdown))
        self._code = 0

    def include_launch_description(self, launch_description: LaunchDescriptionEntity) -> None:
        """Put a description in line to be launched."""
        self.emit_event(Continue([launch_description], {}))

    def emit_event(self, event: Event) -> None:
        """Queue an event."""
        self.context.emit_event_sync(event)

    def shutdown(self) -> None:
        """End everything launched."""
        self._shut_down('LaunchService.shutdown() was called')

    def run(self, *, shutdown_when_idle: bool = True) -> int:
        """Launch until all is done; return 0, or 1 if the launch itself failed."""
        return asyncio.run(self._run(shutdown_when_idle))

    async def _run(self, shutdown_when_idle: bool) -> int:
        context, wake = self.context, asyncio.Event()
        context.asyncio_loop, context.wake = asyncio.get_running_loop(), wake.set
        self._handle_signals(context.asyncio_loop)
        try:
            while True:
                while context.events:
                    self._process(context.events.popleft())
                    await asyncio.sleep(0)
                if not context.pending and context.is_shutdown:
                    return self._code
                if not context.pending and shutdown_when_idle:
                    self._shut_down('nothing is left to do')
                    continue
                await wake.wait()
                wake.clear()
        finally:
            for child in context.children:
                child.close()

    def _handle_signals(self, loop: Any) -> None:
        loop.add_signal_handler(signal.SIGCHLD, self._look_after_children)
        loop.add_signal_handler(signal.SIGINT, self._interrupted, True)
        loop.add_signal_handler(INTERRUPT_ALL, self._interrupted, False)
        for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
            loop.add_signal_handler(number, self._terminated, number)

    def _look_after_children(self) -> None:
        self.context.children = [c for c in self.context.children if not c.poll()]

    def _process(self, event: Event) -> None:
        context = self.context
        before = context.get_locals_as_dict()
        try:
            for handler in tuple(context.handlers):
                if handler.matches(event):
                    _log.tell('DEBUG', 'launch', f'{event.name} goes to {type(handler).__name__}')
                    for entity in handler.handle(event, context):
                        self._visit(entity)
                    context.replace_locals(before)
        except Exception as error:
            self._failed(error)
        finally:
            context.replace_locals(before)

    def _visit(self, entity: LaunchDescriptionEntity) -> None:
        for inner in entity.visit(self.context) or ():
            self._visit(inner)

    def _failed(self, error: Exception) -> None:
        if _log.debug:
            traceback.print_exception(error, file=sys.stdout)
        message = describe_error(error)
        _log.tell('ERROR', 'launch', message)
        self._code = 1
        self._shut_down(message)

    def _continue(self, event: Continue, context: LaunchContext) -> list:
        context.replace_locals(event.locals)
        return event.entities

    def _on_shutdown(self, event: Shutdown, context: LaunchContext) -> None:
        context.is_shutdown = True

    def _shut_down(self, reason: str, due_to_sigint: bool = False) -> None:
        if not self.context.is_shutdown:
            self.context.is_shutdown = True
            self.emit_event(Shutdown(reason=reason, due_to_sigint=due_to_sigint))

    def _interrupted(self, by_terminal: bool) -> None:
        if not self.context.is_shutdown:
            _log.tell('WARNING', 'launch', 'interrupted: ending all processes')
            self._shut_down('interrupted', due_to_sigint=by_terminal)

    def _terminated(self, number: signal.Signals) -> None:
        # Real launch dies of these signals and leaves its processes behind; here only the exit code
        # is the same.
        self._code = 128 + number
        if not self.context.is_shutdown:
            _log.tell('ERROR', 'launch', f'got {number.name}: ending all processes')
            self._shut_down(number.name)


def describe_error(error: BaseException) -> str:
    """Return one line that says what went wrong, with the place for errors in Python code."""
    message = ' '.join(str(error).split()) or type(error).__name__
    if isinstance(error, RuntimeError):
        return message
    if isinstance(error, SyntaxError):
        return f'{error.msg} ({error.filename}:{error.lineno})'
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f'{message} ({type(error).__name__}, {place.filename}:{place.lineno})'
