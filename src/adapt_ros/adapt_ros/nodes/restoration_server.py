"""restoration_server: restores datasets of demonstrations on demand.

The work is the command `adapt restore` in a process of its own: it may take minutes of all cores,
keeps its stages on disk and goes on after a crash. The node checks names, tells progress, cancels
and hands out the result; it never touches the input.
"""

import math
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adapt_msgs.action import RestoreDemonstrations
from diagnostic_msgs.msg import DiagnosticStatus
from std_srvs.srv import Trigger

from adapt_learning.data import DatasetFolder
from adapt_learning.data.outputs import check_output, check_outside
from adapt_learning.errors import SettingError, UserError
from adapt_ros.child import Child
from adapt_ros.folders import inside
from adapt_ros.goals import OneGoal
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.parameters import parameter

_LOOK_S = 0.1
_SPEAKS = 'adapt: '
# A child that was asked to end saves what it has; after so long it is ended by force.
_PATIENCE_S = 20.0
# The same where the node itself has to leave; its stages are on disk anyway.
_LAST_S = 3.0


@dataclass(frozen=True)
class RestorationServerSettings:
    """Parameters of restoration_server."""

    folder: str = parameter('', 'Folder of all datasets; names in goals are below it; needed')
    autostart: bool = parameter(False, 'Configure and activate without a manager')


class RestorationServer(AdaptNode):
    """One RestoreDemonstrations goal at a time."""

    def __init__(self, **kwargs):
        super().__init__('restoration_server', RestorationServerSettings, **kwargs)
        self._forget()

    def _forget(self) -> None:
        self._goal = None
        self._child: Child | None = None
        self._timer = None
        self._begun_s = 0.0
        self._asked_to_end_s: float | None = None
        self._why = ''
        self._last = ''
        self._failed = False
        self._feedback = RestoreDemonstrations.Feedback(remaining=math.nan)

    def set_up(self) -> None:
        """Check the folder and offer the action."""
        folder = self.settings.folder
        if not folder or not Path(folder).expanduser().is_dir():
            raise SettingError("parameter 'folder' is the folder that holds the datasets; got "
                               f"'{folder}', which is no folder")
        self._goal = OneGoal(self, RestoreDemonstrations, '~/restore', self._refuse, self._begin)
        self._undo.append(self._goal.destroy)
        self._undo.append(partial(self.destroy_service, self.create_service(
            Trigger, '~/cancel', self._on_cancel)))

    def tear_down(self) -> None:
        """Forget the last goal."""
        self._forget()

    def start_work(self) -> None:
        """Take goals from now on."""

    def stop_work(self, text: str) -> None:
        """End the work under way; what it has finished is kept for the same goal."""
        if self._child is not None:
            self._child.end(_LAST_S)
            self._finish(f'{text}; the same goal goes on where it stopped')

    def _refuse(self, goal) -> str:
        if not self.is_active:
            return 'the node is not active'
        if self._child is not None:
            return 'another restoration is under way; wait for it or cancel it'
        try:
            self._command(goal)
            self._check(goal)
        except UserError as error:
            return str(error)
        return ''

    def _check(self, goal) -> None:
        """Raise UserError for what the command would refuse, but only after its long start."""
        folder = self.settings.folder
        source = inside(folder, goal.input, 'input')
        DatasetFolder(source)
        if not goal.dry_run:
            check_output(inside(folder, goal.output, 'output'), [source])
            if goal.report:
                check_outside(inside(folder, goal.report, 'report'), source, 'the report')

    def _command(self, goal) -> list[str]:
        folder = self.settings.folder
        source = inside(folder, goal.input, 'input')
        if not source.is_dir():
            raise SettingError(f"input is a dataset below {folder}; '{goal.input}' is no folder")
        command = [sys.executable, '-m', 'adapt_learning.cli.main', 'restore', str(source),
                   '--json', '-', '--progress', 'json']
        if goal.dry_run:
            return [*command, '--dry-run', *self._settings_of(goal)]
        command += ['--out', str(inside(folder, goal.output, 'output'))]
        if goal.report:
            report = inside(folder, goal.report, 'report')
            if report.suffix != '.html':
                raise SettingError(f"report is an .html file; got '{goal.report}'")
            command += ['--report', str(report)]
        return command + self._settings_of(goal)

    @staticmethod
    def _settings_of(goal) -> list[str]:
        words = []
        if goal.preset:
            if not goal.preset.isidentifier():
                raise SettingError(f"preset is a name; got '{goal.preset}'")
            words += ['--preset', goal.preset]
        for override in goal.overrides:
            if override.startswith('-') or '=' not in override:
                raise SettingError(f"overrides are key=value; got '{override}'")
            words += ['--set', override]
        return words

    def _begin(self, goal) -> None:
        self._child = Child(self._command(goal))
        self._begun_s = time.monotonic()
        self._asked_to_end_s = None
        self._feedback = RestoreDemonstrations.Feedback(
            stage='starting', remaining=math.nan, text=goal.input)
        self._timer = self.create_timer(_LOOK_S, self._look, clock=self.steady)
        self.get_logger().info(f'restoring {goal.input}')

    def _look(self) -> None:
        """Pass progress on, obey a cancel, notice the end."""
        child = self._child
        if child is None:
            return
        # Before the pipe is read: what the child said last is in it when it has ended.
        ended = child.code is not None
        progress = child.progress()
        if progress is not None:
            self._feedback = _feedback(progress)
            self._goal.feedback(self._feedback)
        if ended:
            self._finish()
        elif self._goal.cancel_requested:
            self._cancel()

    def _cancel(self) -> None:
        now = time.monotonic()
        if self._asked_to_end_s is None:
            self._asked_to_end_s = now
            self._child.interrupt()
        elif now - self._asked_to_end_s > _PATIENCE_S:
            self._child.end(0.0)

    def _finish(self, why: str = '') -> None:
        """Hand out the result of the ended child."""
        child, self._child = self._child, None
        self.destroy_timer(self._timer)
        child.progress()
        code, found = child.code, child.result() or {}
        child.close()
        succeeded = code == 0 and not why
        result = _result(found)
        result.seconds = time.monotonic() - self._begun_s
        canceled = self._goal.cancel_requested
        if not succeeded:
            result.text = why or ('canceled; the same goal goes on where it stopped'
                                  if canceled else why_it_ended(code, child.words))
        self._last, self._failed = result.text, not succeeded and not canceled
        # Two lines, because rclpy allows one severity per line of code.
        if self._failed:
            self.get_logger().error(f'restoration: {result.text}')
        else:
            self.get_logger().info(f'restoration: {result.text}')
        self._goal.end(result, succeeded=succeeded, canceled=canceled)

    def _on_cancel(self, _, response):
        if self._child is None:
            response.success, response.message = False, 'nothing is being restored'
        else:
            self._goal.request_cancel()
            response.success = True
            response.message = 'it ends; what is finished is kept for the same goal'
        return response

    def diagnose(self):
        """Report the work."""
        if self._child is None:
            level = DiagnosticStatus.WARN if self._failed else DiagnosticStatus.OK
            yield 'restoration', level, self._last or 'idle', {'running': False}
        else:
            now = self._feedback
            yield 'restoration', DiagnosticStatus.OK, f'{now.stage}: {now.text}', {
                'running': True, 'progress': f'{now.progress:.0%}',
                'seconds left': f'{now.remaining:.0f}'}


def why_it_ended(code: int, words: Sequence[str]) -> str:
    """Return one sentence on a child that failed: of its exit code and its last lines."""
    if code < 0:
        # What it wrote before has nothing to do with it, and it could not write why.
        cause = ' (out of memory?)' if -code == signal.SIGKILL else ''
        return (f'killed by signal {-code}{cause}; send the same goal again, finished stages are '
                'kept')
    said = [line for line in words if line.startswith(_SPEAKS)] or list(words[-1:])
    return said[-1].removeprefix(_SPEAKS) if said else f'exit code {code}'


def _feedback(progress: dict) -> RestoreDemonstrations.Feedback:
    left = progress.get('remaining_s')
    return RestoreDemonstrations.Feedback(
        stage=str(progress['stage']), stage_number=int(progress.get('number', 0)),
        stages=int(progress.get('stages', 0)), progress=float(progress.get('share', 0.0)),
        remaining=math.nan if left is None else float(left), text=str(progress.get('text', '')))


def _result(found: dict) -> RestoreDemonstrations.Result:
    counts, estimates = found.get('counts') or {}, found.get('estimates') or {}
    return RestoreDemonstrations.Result(
        output=found.get('output') or '', report=found.get('report') or '',
        pairs=counts.get('pairs', 0), kept=counts.get('kept', 0),
        restored=counts.get('restored', 0), dropped=counts.get('dropped', 0),
        polluted_states=float(estimates.get('state') or 0.0),
        polluted_actions=float(estimates.get('action') or 0.0),
        needed=bool(found.get('needed', False)), text=found.get('text') or '')


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(RestorationServer, args)


if __name__ == '__main__':
    main()
