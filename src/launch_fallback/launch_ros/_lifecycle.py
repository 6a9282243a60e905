"""Lifecycle nodes: their state changes as events, and requests to change state."""

import threading
from typing import Any, Callable, Optional

from launch import _log
from launch._base import LaunchContext, SomeText
from launch.event_handlers import EventHandler
from launch.events import Event

from ._node import Node

_ros: Any = None  # the one rclpy node of the launch itself


class ChangeState(Event):
    """A lifecycle node shall make a transition (an id of lifecycle_msgs.msg.Transition)."""

    name = 'launch_ros.events.lifecycle.ChangeState'

    def __init__(self, *, lifecycle_node_matcher: Callable[[Any], bool],
                 transition_id: int) -> None:
        self.lifecycle_node_matcher = lifecycle_node_matcher
        self.transition_id = transition_id


class StateTransition(Event):
    """A lifecycle node went from one state to another."""

    name = 'launch_ros.events.lifecycle.StateTransition'

    def __init__(self, *, action: 'LifecycleNode', msg: Any) -> None:
        self.action, self.msg = action, msg
        self.transition, self.timestamp = msg.transition.label, msg.timestamp
        self.start_state, self.goal_state = msg.start_state.label, msg.goal_state.label


class OnStateTransition(EventHandler):
    """Answers the state changes that agree with all that is given."""

    def __init__(self, *, entities: Any, target_lifecycle_node: Optional['LifecycleNode'] = None,
                 transition: Optional[str] = None, start_state: Optional[str] = None,
                 goal_state: Optional[str] = None, matcher: Optional[Callable] = None,
                 **kwargs: Any) -> None:
        wanted = {'action': target_lifecycle_node, 'transition': transition,
                  'start_state': start_state, 'goal_state': goal_state}
        super().__init__(entities=entities, matcher=matcher or (
            lambda event: isinstance(event, StateTransition) and all(
                value is None or getattr(event, key) == value for key, value in wanted.items())
        ), **kwargs)


class LifecycleNode(Node):
    """Runs a lifecycle node."""

    def __init__(self, *, name: SomeText, namespace: SomeText, **kwargs: Any) -> None:
        super().__init__(name=name, namespace=namespace, **kwargs)
        self._client: Any = None

    def execute(self, context: LaunchContext) -> None:
        super().execute(context)
        if context.is_shutdown:
            return
        from lifecycle_msgs.msg import TransitionEvent
        from lifecycle_msgs.srv import ChangeState as Request
        node = _ros_node()
        node.create_subscription(
            TransitionEvent, f'{self.node_name}/transition_event',
            lambda msg: _in_loop(context, context.emit_event_sync,
                                 StateTransition(action=self, msg=msg)), 10)
        self._client = node.create_client(Request, f'{self.node_name}/change_state')
        context.register_event_handler(EventHandler(
            matcher=lambda event: isinstance(event, ChangeState), entities=self._on_change))

    def _on_change(self, event: ChangeState, context: LaunchContext) -> None:
        if event.lifecycle_node_matcher(self):
            threading.Thread(target=self._change, args=(event, context), daemon=True).start()

    def _change(self, event: ChangeState, context: LaunchContext) -> None:
        from lifecycle_msgs.srv import ChangeState as Request
        while not self._client.wait_for_service(timeout_sec=0.5):
            if context.is_shutdown:
                return
        request = Request.Request()
        request.transition.id = event.transition_id
        self._client.call_async(request).add_done_callback(
            lambda future: None if future.result().success else _log.tell(
                'ERROR', 'launch_ros', f'{self.node_name} did not make the transition '
                                       f'{event.transition_id}'))


def _in_loop(context: LaunchContext, function: Callable, *args: Any) -> None:
    try:
        context.asyncio_loop.call_soon_threadsafe(function, *args)
    except RuntimeError:
        pass  # a message that came after the end of the launch


def _ros_node() -> Any:
    global _ros
    if _ros is None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.signals import SignalHandlerOptions
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        _ros = rclpy.create_node('launch_ros', use_global_arguments=False)
        executor = SingleThreadedExecutor()
        executor.add_node(_ros)
        threading.Thread(target=executor.spin, daemon=True).start()
    return _ros
