"""An action whose goals are ended by their node, on the node's one thread."""

import traceback
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.clock import Clock, ClockType
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.task import Future


class OneGoal:
    """
    An action server for one goal at a time.

    rclpy's execute callback would have to wait for the end of the goal: that occupies the one
    thread, and waiting coroutines are polled without a pause. So the goal is marked as executing
    when it is accepted, and rclpy's execution of it only happens in `end`, with the result.

    `refuse(goal)` returns why a goal cannot be taken now, or ''; `begin(goal)` starts it.

    An exception that leaves a callback of an action ends the process at once (rclpy's events
    executor), without the safe command. So a bug in `refuse` refuses, and one in `begin` is raised
    by a timer, from where it ends the node in good order.
    """

    def __init__(self, node: Node, action_type: type, name: str,
                 refuse: Callable[[Any], str], begin: Callable[[Any], None]):
        self._node = node
        self._refuse = refuse
        self._begin = begin
        self._handle = None
        self._server = ActionServer(
            node, action_type, name, lambda handle: None,
            goal_callback=self._on_goal, handle_accepted_callback=self._on_accepted,
            cancel_callback=lambda _: CancelResponse.ACCEPT)

    def destroy(self) -> None:
        """Remove the action from the host."""
        self._server.destroy()

    @property
    def cancel_requested(self) -> bool:
        """Return whether a client wants the present goal to end."""
        return self._handle is not None and self._handle.is_cancel_requested

    def request_cancel(self) -> None:
        """Mark the present goal as being cancelled, as a client's request would."""
        if self._handle is not None and self._handle.status == GoalStatus.STATUS_EXECUTING:
            self._handle._update_state(rclpy_implementation.GoalEvent.CANCEL_GOAL)

    def feedback(self, message: Any) -> None:
        """Publish feedback of the present goal, if there is one."""
        if self._handle is not None:
            self._handle.publish_feedback(message)

    def end(self, result: Any, succeeded: bool, canceled: bool) -> None:
        """End the present goal, if there is one; neither succeeded nor canceled is ABORTED."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        if succeeded:
            handle.succeed()
        elif canceled and handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        # Nothing in this coroutine waits, so it runs to its end here: the result is out before
        # a clean-up or the end of the process can come between.
        try:
            self._server._execute_goal(lambda _: result, handle).send(None)
        except StopIteration:
            pass

    def _on_goal(self, goal) -> GoalResponse:
        try:
            reason = self._refuse(goal)
        except Exception as error:
            traceback.print_exc()
            reason = f'a bug, please report it: {error!r}'
        if reason:
            self._node.get_logger().warning(f'goal refused: {reason}')
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _on_accepted(self, handle) -> None:
        handle._update_state(rclpy_implementation.GoalEvent.EXECUTE)
        self._handle = handle
        try:
            self._begin(handle.request)
        except Exception as error:
            errors = [error]
            self._node.create_timer(0.001, lambda: _raise_once(errors),
                                    clock=Clock(clock_type=ClockType.STEADY_TIME))


def _raise_once(errors: list[Exception]) -> None:
    """
    Raise the one error there is, and forget it.

    The node still turns for a moment after a bug, to send its last words; and an error that is
    kept keeps the frames of its traceback, with node and executor, until the interpreter is gone.
    """
    if errors:
        raise errors.pop()


def accepted(answer: Future, wanted: bool, refused: Callable[[], None]):
    """
    Return the handle of a goal that another node took, or None.

    A goal that is not `wanted` any more is cancelled; `refused` is called where it was not taken.
    """
    goal = answer.result()
    if not wanted:
        if goal.accepted:
            goal.cancel_goal_async()
        return None
    if not goal.accepted:
        refused()
        return None
    return goal
