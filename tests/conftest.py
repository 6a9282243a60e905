"""Shared by all tests: the helpers of tests/support, and a ROS domain of one's own."""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / 'support'))

# A suite that a shell runs in the background inherits that Ctrl-C is ignored, and hands it on to
# the processes whose Ctrl-C is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope='session')
def ros_domain():
    """Hold a ROS domain for this test process: workers side by side never hear each other."""
    from with_free_domain import hold_free_domain
    domain, lock = hold_free_domain()
    before = {name: os.environ.get(name)
              for name in ('ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE')}
    os.environ['ROS_DOMAIN_ID'] = str(domain)
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    yield domain
    for name, value in before.items():
        if value is None:
            os.environ.pop(name)
        else:
            os.environ[name] = value
    lock.close()


@pytest.fixture(scope='session')
def rclpy_session(ros_domain, tmp_path_factory):
    """Start the middleware once for all tests of this process."""
    import rclpy
    os.environ['ROS_LOG_DIR'] = str(tmp_path_factory.mktemp('log'))
    rclpy.init(args=['--ros-args', '--log-level', 'warn'], domain_id=ros_domain)
    yield
    rclpy.try_shutdown()


@pytest.fixture
def bench(rclpy_session):
    """Return an empty bench of nodes; they are gone after the test."""
    from bench import Bench
    made = Bench()
    yield made
    made.close()
