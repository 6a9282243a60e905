"""
Call a service, send a goal or follow a topic, where `ros2` has only `launch` and `run`.

    python docs/tools/ros.py call /policy_node/stop
    python docs/tools/ros.py call /sim_bridge/reset '{"seed": 7, "noise_level": 1.25}'
    python docs/tools/ros.py call /demo_recorder/save '{"outcome": {"value": 1}, "note": "clean"}'
    python docs/tools/ros.py send_goal /demo_recorder/record_episode '{"save": true}'
    python docs/tools/ros.py echo /policy_node/status
    python docs/tools/ros.py list

With an installed ROS 2 Jazzy, `ros2 service call`, `ros2 action send_goal`, `ros2 topic echo` and
`ros2 topic list` do the same and more.
"""

import argparse
import importlib
import json
import os
import re
import signal
import sys
import time
from functools import partial
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient, get_action_names_and_types
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions

_MESSAGE = re.compile(r'(\w+)/(\w+)')
_ENDS = {GoalStatus.STATUS_SUCCEEDED: 'succeeded', GoalStatus.STATUS_CANCELED: 'canceled',
         GoalStatus.STATUS_ABORTED: 'aborted'}


def main() -> int:
    """Run one verb; 0 done, 1 refused or not there, 2 wrong request."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0].strip())
    verbs = parser.add_subparsers(dest='verb', required=True)
    call = verbs.add_parser('call', help='call a service')
    call.add_argument('name')
    call.add_argument('values', nargs='?', default='{}', help='request as JSON')
    goal = verbs.add_parser('send_goal', help='send a goal to an action, tell its feedback and its '
                                              'result; Ctrl-C cancels it')
    goal.add_argument('name')
    goal.add_argument('values', nargs='?', default='{}', help='goal as JSON')
    echo = verbs.add_parser('echo', help='print the messages of a topic until Ctrl-C')
    echo.add_argument('name')
    verbs.add_parser('list', help='list topics, services and actions')
    options = parser.parse_args()
    # rclpy's handlers would end the middleware before a goal could be cancelled.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO if options.verb == 'send_goal'
               else SignalHandlerOptions.ALL)
    node = rclpy.create_node('docs_tool')
    try:
        return {'call': _call, 'send_goal': _send_goal, 'echo': _echo, 'list': _list}[
            options.verb](node, options)
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    except BrokenPipeError:  # who read has gone (| head); Python shall not complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def _call(node, options) -> int:
    kind = _found(node.get_service_names_and_types, options.name)
    if kind is None:
        return 1
    service = _interface(kind)
    request = _read(service.Request, options.values, f'request of {kind}')
    if request is None:
        return 2
    client = node.create_client(service, options.name)
    client.wait_for_service(5.0)
    future = client.call_async(request)
    rclpy.spin_until_future_complete(node, future, timeout_sec=10.0)
    answer = future.result()
    print(_text(answer) if answer else 'no answer within 10 s')
    return 0 if answer and getattr(answer, 'success', True) else 1


def _send_goal(node, options) -> int:
    kind = _found(partial(get_action_names_and_types, node), options.name)
    if kind is None:
        return 1
    goal = _read(_interface(kind).Goal, options.values, f'goal of {kind}')
    if goal is None:
        return 2
    client = ActionClient(node, _interface(kind), options.name)
    client.wait_for_server(5.0)
    answer = client.send_goal_async(
        goal, lambda message: print(_text(message.feedback), '---', sep='\n', flush=True))
    rclpy.spin_until_future_complete(node, answer, timeout_sec=10.0)
    handle = answer.result()
    if handle is None or not handle.accepted:
        print('no answer within 10 s' if handle is None else
              'the goal was refused; the log of the node says why', file=sys.stderr)
        return 1
    print('accepted; Ctrl-C cancels it', flush=True)
    end = _until_end(node, handle)
    client.destroy()
    if end is None:
        print('the goal is left to itself', file=sys.stderr)
        return 1
    print(f'{_ENDS.get(end.status, "lost")}\n{_text(end.result)}')
    return 0 if end.status == GoalStatus.STATUS_SUCCEEDED else 1


def _until_end(node, handle) -> Any:
    """Return the answer to a goal; a first Ctrl-C cancels it, a second one gives None."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    result, canceled = handle.get_result_async(), False
    while not result.done():
        rclpy.spin_once(node, timeout_sec=0.1)
        if asked and not canceled:
            canceled = True
            handle.cancel_goal_async()
            print('cancelling', flush=True)
        if len(asked) > 1:
            return None
    return result.result()


def _read(kind: type, text: str, what: str) -> Any:
    """Return a message filled from JSON; None, and a sentence, where that cannot be."""
    try:
        return filled(kind, json.loads(text))
    except (ValueError, TypeError, AssertionError) as error:
        print(f"'{text}' is no {what} in JSON: {error}; its fields are "
              f'{kind.get_fields_and_field_types()}', file=sys.stderr)
        return None


def filled(kind: type, values: Any) -> Any:
    """
    Return a message of a class with values as JSON has them, messages within it included.

    Raises ValueError, TypeError or AssertionError for what does not fit.
    """
    fields = kind.get_fields_and_field_types()
    if not isinstance(values, dict):
        raise TypeError(f'{kind.__name__} is written as {{"field": value}}; got '
                        f'{json.dumps(values)}')
    if unknown := sorted(values.keys() - fields.keys()):
        raise ValueError(f"{kind.__name__} has no field '{unknown[0]}', only {sorted(fields)}")
    return kind(check_fields=True, **{
        name: _value(fields[name], value) for name, value in values.items()})


def _value(kind: str, value: Any) -> Any:
    """Return what a field of a type, as rclpy writes it, takes for a JSON value."""
    if isinstance(value, list):
        return [_value(kind, part) for part in value]
    if nested := _MESSAGE.search(kind):
        return filled(_interface(f'{nested[1]}/msg/{nested[2]}'), value)
    # JSON has one kind of number, and people leave the point out.
    is_real = 'double' in kind or 'float' in kind
    return float(value) if is_real and type(value) is int else value


def _echo(node, options) -> int:
    kind = _found(node.get_topic_names_and_types, options.name)
    if kind is None:
        return 1
    publishers = node.get_publishers_info_by_topic(options.name)
    latched = bool(publishers) and all(
        info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for info in publishers)
    profile = qos_profile_sensor_data if not latched else QoSProfile(
        depth=1, reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL)

    def show(message) -> None:
        print(_text(message), '---', sep='\n', flush=True)

    node.create_subscription(_interface(kind), options.name, show, profile)
    rclpy.spin(node)
    return 0


def _list(node, options) -> int:
    time.sleep(2.0)  # discovery
    for name, kinds in (*node.get_topic_names_and_types(), *node.get_service_names_and_types(),
                        *get_action_names_and_types(node)):
        print(f'{name}  {", ".join(kinds)}')
    return 0


def _interface(name: str) -> type:
    package, kind, short = name.split('/')
    return getattr(importlib.import_module(f'{package}.{kind}'), short)


def _text(message, indent: str = '') -> str:
    lines = []
    for name in message.get_fields_and_field_types():
        value = getattr(message, name)
        nested = value if isinstance(value, list) else [value]
        if nested and all(hasattr(part, 'get_fields_and_field_types') for part in nested):
            lines.append(f'{indent}{name}:')
            lines += [_pair(part, indent + '  ') or _text(part, indent + '  ') for part in nested]
        else:
            lines.append(f'{indent}{name}: {_short(value)}')
    return '\n'.join(lines)


def _pair(message, indent: str) -> str:
    """Return a diagnostic value in one line; nothing for other messages."""
    return f'{indent}{message.key}: {message.value}' if hasattr(message, 'key') else ''


def _short(value) -> str:
    if isinstance(value, str) or not hasattr(value, '__len__'):
        return str(value)
    return str(list(value[:16])) + (f' ... {len(value)} in all' if len(value) > 16 else '')


def _found(names_and_types, name: str) -> str | None:
    """Return the type of a name once discovery has seen it; None after 10 s."""
    end = time.monotonic() + 10.0
    while time.monotonic() < end:
        kinds = dict(names_and_types()).get(name)
        if kinds:
            return kinds[0]
        time.sleep(0.1)
    if name:
        print(f'{name} is not there; is the node running, with the same ROS_DOMAIN_ID?',
              file=sys.stderr)
    return None


if __name__ == '__main__':
    sys.exit(main())
