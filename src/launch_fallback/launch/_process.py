"""The action that runs a process: its command, its events, its respawning and its end."""

import itertools
import os
import shlex
import signal
from collections.abc import Iterable
from typing import Any, Optional, Union

from . import _log
from ._base import Action, LaunchContext, SomeText, as_bool, as_float, pieces, text_of
from ._child import Child
from .conditions import truth
from .event_handlers import EventHandler, OnProcessExit, OnShutdown
from .events.process import ProcessExited, ProcessStarted, ShutdownProcess, SignalProcess
from .substitutions import LaunchConfiguration

_count = itertools.count(1)
# Real launch waits 5 s and again 5 s. Here all is over within 5 s: a robot should not have to
# wait ten seconds for its last process to let go of it.
SIGTERM_AFTER, SIGKILL_AFTER = 2.0, 1.0


class ExecuteProcess(Action):
    """Runs a process and looks after it until it ends."""

    def __init__(self, *, cmd: Iterable[SomeText], prefix: Optional[SomeText] = None,
                 name: Optional[SomeText] = None, cwd: Optional[SomeText] = None,
                 env: Optional[dict] = None, additional_env: Optional[dict] = None,
                 shell: bool = False, output: SomeText = 'log', log_cmd: bool = False,
                 emulate_tty: bool = False, on_exit: Any = None,
                 sigterm_timeout: Optional[SomeText] = None,
                 sigkill_timeout: Optional[SomeText] = None,
                 respawn: Union[bool, SomeText] = False, respawn_delay: Optional[float] = None,
                 respawn_max_retries: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._cmd = [pieces(part) for part in cmd]
        self._prefix = (LaunchConfiguration('launch-prefix', default='') if prefix is None
                        else prefix)
        self._name, self._cwd, self._env, self._additional_env = name, cwd, env, additional_env
        self._shell, self._output, self._log_cmd, self._tty = shell, output, log_cmd, emulate_tty
        self._on_exit = on_exit
        self._sigterm_timeout = sigterm_timeout or LaunchConfiguration(
            'sigterm_timeout', default=SIGTERM_AFTER)
        self._sigkill_timeout = sigkill_timeout or LaunchConfiguration(
            'sigkill_timeout', default=SIGKILL_AFTER)
        self._respawn, self._delay, self._retries = respawn, respawn_delay, respawn_max_retries
        self._child: Optional[Child] = None
        self._timers: list[Any] = []
        self._stopping = False
        self.name: Optional[str] = None
        self.process_details: Optional[dict[str, Any]] = None
        self.return_code: Optional[int] = None

    def execute(self, context: LaunchContext) -> None:
        if self.name is not None:
            raise RuntimeError(f"'{self.name}' was to be executed a second time")
        self._prepare(context)
        if context.is_shutdown:
            return
        context.register_event_handler(EventHandler(
            matcher=lambda event: isinstance(event, (ShutdownProcess, SignalProcess)),
            entities=self._on_request))
        context.register_event_handler(OnShutdown(on_shutdown=self._on_shutdown))
        context.register_event_handler(OnProcessExit(target_action=self, on_exit=self._on_exit))
        context.pending.add(self)
        # Started only after the visit at hand, as in real launch: what stands behind this action
        # in the launch file is in place (e.g. handlers) before the process runs.
        self._timers = [context.asyncio_loop.call_soon(self._start, context)]

    def command(self, context: LaunchContext) -> list[str]:
        """Return the command line with all substitutions performed."""
        parts = [text_of(context, part) for part in self._cmd]
        return shlex.split(text_of(context, self._prefix)) + parts

    def _prepare(self, context: LaunchContext) -> None:
        command = self.command(context)
        label = (os.path.basename(command[0]) if self._name is None
                 else text_of(context, self._name))
        self.name = f'{label}-{next(_count)}'
        env = dict(context.environment) if self._env is None else {}
        for name, value in [*(self._env or {}).items(), *(self._additional_env or {}).items()]:
            env[text_of(context, name)] = text_of(context, value)
        cwd = None if self._cwd is None else text_of(context, self._cwd)
        self.process_details = {'action': self, 'name': self.name, 'cmd': command, 'cwd': cwd,
                                'env': env}
        self._respawn = as_bool(context, self._respawn)
        output = os.environ.get('OVERRIDE_LAUNCH_PROCESS_OUTPUT') or text_of(context, self._output)
        if output not in _log.OUTPUTS:
            raise RuntimeError(f"output is one of {', '.join(_log.OUTPUTS)} here, not '{output}'")
        self._targets = _log.OUTPUTS[output]
        if 'emulate_tty' in context.launch_configurations:
            self._tty = truth(context, context.launch_configurations['emulate_tty'])

    def _start(self, context: LaunchContext) -> None:
        if context.is_shutdown:  # what stands behind it in the launch file was wrong
            context.settle(self)
            return
        details = self.process_details
        command = details['cmd']
        if self._log_cmd:
            _log.tell('INFO', self.name, f"command: {' '.join(command)}")
        try:
            self._child = Child(
                context.asyncio_loop, ' '.join(command) if self._shell else command,
                cwd=details['cwd'], env=details['env'], tty=self._tty,
                on_line=lambda stream, line: _log.write(
                    f'[{self.name}] {line}', self._targets[stream]),
                on_end=lambda code: self._ended(context, code))
        except (OSError, ValueError) as error:
            _log.tell('ERROR', self.name, f'could not be started: {error}')
            context.settle(self)
            return
        context.children.append(self._child)
        details['pid'] = self._child.pid
        self.return_code = None
        _log.tell('INFO', self.name, f'started, process id {self._child.pid}')
        context.emit_event_sync(ProcessStarted(**details))

    def _ended(self, context: LaunchContext, code: int) -> None:
        self._child, self.return_code = None, code
        pid = self.process_details['pid']
        if code == 0:
            _log.tell('INFO', self.name, f'ended well, process id {pid}')
        else:
            _log.tell('ERROR', self.name, f'ended with exit code {code}, process id {pid}, '
                                          f"command: {' '.join(self.process_details['cmd'])}")
        context.emit_event_sync(ProcessExited(returncode=code, **self.process_details))
        self._cancel_timers()
        if self._respawn and self._retries != 0 and not self._stopping and not context.is_shutdown:
            self._retries -= 1
            later = context.asyncio_loop.call_later(self._delay or 0.0, self._start, context)
            self._timers = [later]
        else:
            context.settle(self)

    def _on_request(self, event: Any, context: LaunchContext) -> None:
        if event.process_matcher(self):
            if isinstance(event, SignalProcess):
                self._signal(event.signal)
            else:
                self._stop(context, with_sigint=True)

    def _on_shutdown(self, event: Any, context: LaunchContext) -> None:
        # After Ctrl-C in a terminal the kernel has already sent SIGINT to the whole group; a
        # second one would make many programs give up their own orderly end.
        self._stop(context, with_sigint=context.noninteractive or not event.due_to_sigint)

    def _stop(self, context: LaunchContext, with_sigint: bool) -> None:
        if self._stopping:
            return
        self._stopping = True
        self._cancel_timers()
        if self._child is None:
            context.settle(self)
            return
        if with_sigint:  # as an event, so that first all handlers of the shutdown have their turn
            context.emit_event_sync(SignalProcess(
                signal_number=signal.SIGINT, process_matcher=lambda process: process is self))
        first = as_float(context, self._sigterm_timeout)
        second = first + as_float(context, self._sigkill_timeout)
        later = context.asyncio_loop.call_later
        self._timers = [later(first, self._escalate, signal.SIGTERM, first),
                        later(second, self._escalate, signal.SIGKILL, second)]

    def _escalate(self, signal_number: signal.Signals, seconds: float) -> None:
        _log.tell('ERROR', self.name, f'still runs {seconds:g} s after it was asked to end')
        self._signal(signal_number)

    def _signal(self, signal_number: signal.Signals) -> None:
        if self._child is not None:
            _log.tell('INFO', self.name, f'sending {signal_number.name}')
            self._child.send_signal(signal_number)

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []
