"""
Entry points of the nodes.

Importing a node takes a second, in which Ctrl-C would end in a traceback from wherever it struck;
so the first thing that a process does is to say how it ends.
"""

import importlib
import os
import signal


def policy_node() -> int:
    """Run policy_node."""
    return _start('policy_node')


def sim_bridge() -> int:
    """Run sim_bridge."""
    return _start('sim_bridge')


def evaluator() -> int:
    """Run evaluator."""
    return _start('evaluator')


def restoration_server() -> int:
    """Run restoration_server."""
    return _start('restoration_server')


def teleop() -> int:
    """Run teleop."""
    return _start('teleop')


def keyboard() -> int:
    """Run keyboard."""
    return _start('keyboard')


def recording_session() -> int:
    """Run recording_session."""
    return _start('recording_session')


def demo_recorder() -> int:
    """Run demo_recorder."""
    return _start('demo_recorder')


def inspection_node() -> int:
    """Run inspection_node."""
    return _start('inspection_node')


def line_camera() -> int:
    """Run line_camera."""
    return _start('line_camera')


def line_client() -> int:
    """Run line_client."""
    return _start('line_client')


def _start(name: str) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        # Nothing has begun yet that would have to end well; `lifecycle.run` takes over later.
        signal.signal(number, lambda *_: os._exit(0))
    return importlib.import_module(f'adapt_ros.nodes.{name}').main()
