"""The life cycle that all nodes of this package share, and how they are spun.

Subclasses fill four hooks and never touch transitions; whatever a user can mend refuses the
transition with one sentence. Leaving the active state always runs `stop_work`, whose last word on
the wire is the safe command.
"""

import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from adapt_learning.errors import SettingError, UserError
from adapt_ros import parameters

EXIT_FAILED, EXIT_INPUT = 1, 2
_DIAGNOSTICS_PERIOD_S = 1.0
_LAST_WORDS_S = 0.1
# What rclpy raises for arguments that a user gave after --ros-args.
_BAD_ARGUMENTS = (rclpy_implementation.RCLError, rclpy_implementation.RCLInvalidROSArgsError,
                  rclpy_implementation.UnknownROSArgsError, NameValidationException,
                  ParameterException)


class AdaptNode(LifecycleNode):
    """
    A managed node.

    `kind` is the frozen dataclass of its parameters (see `parameters`), available as `settings`.
    With the parameter `autostart` the node configures and activates itself.
    """

    def __init__(self, name: str, kind: type, **kwargs):
        super().__init__(name, **kwargs)
        self.settings: Any = parameters.declare(self, kind)
        self.is_active = False
        self.failure: str | None = None
        """Why the last transition was refused; None after a good one."""
        # Sim time may pause; what guards the robot must not.
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = None
        self._diagnostics_timer = None
        self._undo: list[Callable[[], None]] = []
        """How to destroy what `set_up` made, noted as it is made; done backwards on cleanup."""

    def set_up(self) -> None:
        """Load and check everything; raise UserError to refuse (configure)."""

    def tear_down(self) -> None:
        """Forget what `set_up` left behind beside `_undo`; it may be half-finished (cleanup)."""

    def start_work(self) -> None:
        """Begin to act (activate)."""

    def stop_work(self, text: str) -> None:
        """End all work, the safe command last; `text` says why (deactivate)."""

    def diagnose(self) -> Iterable[tuple[str, bytes, str, dict[str, Any]]]:
        """Yield (part, level, sentence, values) for /diagnostics."""
        return ()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load and check."""
        result = self._guarded(self.set_up)
        if result != TransitionCallbackReturn.SUCCESS:
            self._destroy()
            return result
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._diagnostics_timer = self.create_timer(
            _DIAGNOSTICS_PERIOD_S, self._publish_diagnostics, clock=self.steady)
        return result

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to act."""
        result = self._guarded(self.start_work)
        if result == TransitionCallbackReturn.SUCCESS:
            self.is_active = True
            return super().on_activate(state)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End all work."""
        self.leave_active('the node was deactivated')
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free what configure made."""
        self._free()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End all work and free everything."""
        self.leave_active('the node was shut down')
        self._free()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything; the node can be configured anew."""
        self.leave_active('a transition failed')
        self._free()
        return TransitionCallbackReturn.SUCCESS

    def leave_active(self, text: str) -> None:
        """Stop the work if there is any; also called when the process is asked to end."""
        if self.is_active:
            self.is_active = False
            self.stop_work(text)

    def _destroy(self) -> None:
        self._guarded(self.tear_down, keep_failure=True)
        while self._undo:
            self._guarded(self._undo.pop(), keep_failure=True)

    def _free(self) -> None:
        self._destroy()
        if self._diagnostics_timer is not None:
            self.destroy_timer(self._diagnostics_timer)
            self.destroy_publisher(self._diagnostics)
            self._diagnostics_timer = self._diagnostics = None

    def _guarded(self, hook: Callable[[], None], keep_failure: bool = False):
        try:
            hook()
        except UserError as error:
            self.get_logger().error(str(error))
            self.failure = self.failure if keep_failure else str(error)
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            self.get_logger().fatal(f'a bug, please report it: {error!r}')
            traceback.print_exc()
            self.failure = self.failure if keep_failure else repr(error)
            return TransitionCallbackReturn.ERROR
        if not keep_failure:
            self.failure = None
        return TransitionCallbackReturn.SUCCESS

    def _publish_diagnostics(self) -> None:
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        name = self.get_fully_qualified_name().lstrip('/')
        for part, level, text, values in self.diagnose():
            message.status.append(DiagnosticStatus(
                name=f'{name}: {part}', level=level, message=text, hardware_id=name,
                values=[KeyValue(key=k, value=str(v)) for k, v in values.items()]))
        if message.status:
            self._diagnostics.publish(message)


def run(make_node: Callable[[], AdaptNode], args: list[str] | None = None) -> int:
    """
    Spin one node until it is asked to end; returns the exit code.

    SIGINT and SIGTERM leave the active state first, so that the safe command goes out while the
    middleware is still alive. Arguments that cannot be read, a parameter out of its range and a
    refused autostart end with 2, a bug with 1.
    """
    process = _Process()
    try:
        code = process.serve(make_node, args)
    except ExternalShutdownException:
        code = 0
    except Exception:  # noqa: BLE001 - a bug; it is told and the safe command still goes out
        # Not raised on: a traceback that holds node and executor until the interpreter is gone has
        # them destroyed in an order that rclpy does not always survive.
        traceback.print_exc()
        code = EXIT_FAILED
    finally:
        in_good_order = process.end()
    return code if in_good_order else EXIT_FAILED


class _Process:
    """One node with its executor, from the first signal handler to the last."""

    def __init__(self):
        self._wanted: list[int] = []
        """Signals that came."""
        self._node: AdaptNode | None = None
        self._executor: Executor | None = None

    def serve(self, make_node: Callable[[], AdaptNode], args: list[str] | None) -> int:
        """Make the node and spin it; returns the exit code."""
        try:
            rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda got, _: self._wanted.append(got))
            self._node = make_node()
        except (SettingError, *_BAD_ARGUMENTS) as error:
            print(f'error: {_sentence(error)}', file=sys.stderr)
            return EXIT_INPUT
        if getattr(self._node.settings, 'autostart', False):
            failed = _autostart(self._node)
            if failed:
                return failed
        self._executor = make_executor()
        self._executor.add_node(self._node)
        while not self._wanted and rclpy.ok() and not getattr(self._node, 'finished', False):
            self._executor.spin_once(timeout_sec=0.1)
        return getattr(self._node, 'exit_code', 0)

    def end(self) -> bool:
        """Leave the active state and destroy everything; returns whether no bug showed."""
        in_good_order = True
        if self._node is not None:
            try:
                self._leave()
            except Exception:  # noqa: BLE001 - told; the node must be destroyed all the same
                traceback.print_exc()
                in_good_order = False
            self._node.destroy_node()
        rclpy.try_shutdown()
        # rclpy gives the signals back to their default here; a second Ctrl-C would then end a
        # process that is ending well as if it had died.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        return in_good_order

    def _leave(self) -> None:
        """Leave the active state and turn a little longer: clients are owed their goal's result."""
        was_active = self._node.is_active
        self._node.leave_active('the process was asked to end')
        end = time.monotonic() + _LAST_WORDS_S
        while was_active and self._executor is not None and rclpy.ok() and time.monotonic() < end:
            self._executor.spin_once(timeout_sec=0.01)


def _sentence(error: Exception) -> str:
    """Return one line for people: rcl says where in its own sources, over several lines."""
    text = ' '.join(str(error).split()).removeprefix('failed to initialize rcl: ')
    if isinstance(error, rclpy_implementation.UnknownROSArgsError):
        text = f'unknown arguments after --ros-args: {text}'
    return re.sub(r',? at /\S+:\d+', '', text)


def make_executor() -> Executor:
    """
    Return the executor that the nodes use.

    rclpy's events executor (Jazzy has it as experimental) answers in about two thirds of the time
    of the wait-set executors; where an older rclpy lacks it, the ordinary one does the same work.
    """
    try:
        from rclpy.experimental import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor()
    return EventsExecutor()


def _autostart(node: AdaptNode) -> int:
    """Configure and activate; returns 0 or the exit code of the failure."""
    for transition in (node.trigger_configure, node.trigger_activate):
        result = transition()
        if result == TransitionCallbackReturn.ERROR:
            return EXIT_FAILED
        if result != TransitionCallbackReturn.SUCCESS:
            return EXIT_INPUT
    return 0
