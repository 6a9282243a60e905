"""policy_node as a process of its own: asked to end, it leaves the robot safe and the client told.

The robot and the client are in the process of the test.
"""

import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.msg import TerminationReason
from ament_index_python.packages import get_package_prefix
from arm_contract import VELOCITY, write_arm_contract
from artifact_maker import make_policy
from bench import Client, Robot


@pytest.fixture
def process(bench, tmp_path):
    """Return (process, robot, client) of a policy that commands the robot."""
    path, contract = write_arm_contract(tmp_path)
    artifact = make_policy(tmp_path / 'a', contract, action=[1, 0, 0, 1])
    node = Path(get_package_prefix('adapt_ros'), 'lib', 'adapt_ros', 'policy_node')
    started = subprocess.Popen(
        [node, '--ros-args', '-r', f'__ns:={bench.namespace}', '-p', 'autostart:=true',
         '-p', f'artifact:={artifact}', '-p', f'contract:={path}',
         '-p', 'check_stamps:=false'], stdin=subprocess.DEVNULL)
    robot, client = Robot(bench, contract), Client(bench)
    bench.until(robot.connected, 'discovery', within=60)
    yield started, robot, client
    started.kill()
    started.wait(10)


def command(bench, robot, client):
    """Let the policy command the robot; return the goal."""
    goal = client.send()
    robot.say_held()

    def moving():
        robot.publish()
        bench.spin_for(0.05)
        return robot.heard
    bench.until(moving, 'commands')
    return goal


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end_it_stops_the_robot_and_tells_the_client(bench, process, number):
    """The safe command is the last word on the wire, and the goal's result still arrives."""
    started, robot, client = process
    goal = command(bench, robot, client)
    result = goal.get_result_async()
    bench.spin_for(0.1)
    started.send_signal(number)
    bench.until(lambda: started.poll() is not None, 'the end of the process')
    assert started.returncode == 0
    bench.until(result.done, 'the result', within=5)
    assert result.result().status == GoalStatus.STATUS_ABORTED
    assert result.result().result.reason.value == TerminationReason.DEACTIVATED
    assert not robot.of(VELOCITY)[-1].any()


def test_killed_it_is_simply_silent_and_a_new_one_starts(bench, process, tmp_path):
    """After kill -9 no half-made command follows; the robot's own timeout stops it."""
    started, robot, client = process
    command(bench, robot, client)
    started.kill()
    started.wait(10)
    bench.spin_for(0.1)
    heard = len(robot.heard)
    for _ in range(3):
        robot.publish()
    bench.spin_for(0.2)
    assert len(robot.heard) == heard
    assert all(np.isfinite(value).all() for value in robot.of(VELOCITY))
