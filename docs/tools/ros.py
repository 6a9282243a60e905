"""
Call a service or follow a topic, on machines whose `ros2` has only `launch` and `run`.

    python docs/tools/ros.py call /policy_node/stop
    python docs/tools/ros.py call /sim_bridge/reset '{"seed": 7, "noise_level": 1.25}'
    python docs/tools/ros.py echo /policy_node/status
    python docs/tools/ros.py list

With an installed ROS 2 Jazzy, `ros2 service call`, `ros2 topic echo` and `ros2 topic list` do the
same and more.
"""

import argparse
import importlib
import json
import os
import sys
import time

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data


def main() -> int:
    """Run one verb; 0 done, 1 refused or not there, 2 wrong request."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0].strip())
    verbs = parser.add_subparsers(dest='verb', required=True)
    call = verbs.add_parser('call', help='call a service')
    call.add_argument('name')
    call.add_argument('values', nargs='?', default='{}', help='request as JSON')
    echo = verbs.add_parser('echo', help='print the messages of a topic until Ctrl-C')
    echo.add_argument('name')
    verbs.add_parser('list', help='list topics and services')
    options = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node('docs_tool')
    try:
        return {'call': _call, 'echo': _echo, 'list': _list}[options.verb](node, options)
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
    try:
        request = service.Request(check_fields=True, **json.loads(options.values))
    except (ValueError, TypeError, AssertionError) as error:
        print(f"'{options.values}' is no request of {kind} in JSON: {error}; its fields are "
              f'{service.Request.get_fields_and_field_types()}', file=sys.stderr)
        return 2
    client = node.create_client(service, options.name)
    client.wait_for_service(5.0)
    future = client.call_async(request)
    rclpy.spin_until_future_complete(node, future, timeout_sec=10.0)
    answer = future.result()
    print(_text(answer) if answer else 'no answer within 10 s')
    return 0 if answer and getattr(answer, 'success', True) else 1


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
    for name, kinds in (*node.get_topic_names_and_types(), *node.get_service_names_and_types()):
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
