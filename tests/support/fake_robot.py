"""
A Fetch that is none: standard messages on its own clock, in its own process, no code of adapt_ros.

It publishes the topics of config/contracts/fetch_robot.yaml as a real robot would: sensors best
effort, each with its own rate and phase, joint states with more joints in another order, stamps
of the system's clock. Gripper and block move by simple kinematics. With --episode-s it is its own
operator's panel too and announces episodes. What it was told goes to --summary as JSON at the end.
"""

import argparse
import json
import signal
import sys
import time

import numpy as np
import rclpy
from adapt_msgs.msg import EpisodeStatus, Outcome
from geometry_msgs.msg import PoseStamped, TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL,
                      reliability=ReliabilityPolicy.RELIABLE)
_START = np.array([1.34, 0.75, 0.53])
_BLOCK, _GOAL = np.array([1.34, 0.85, 0.425]), np.array([1.34, 0.65, 0.575])
_COMMAND_TIMEOUT_S = 0.08


class FakeRobot(Node):
    """Publishes, moves as it is told, and stops by itself when commands cease."""

    def __init__(self, episode_s: float):
        super().__init__('fake_robot')
        self._episode_s = episode_s
        self.gripper, self.block, self.fingers = _START.copy(), _BLOCK.copy(), 0.05
        self.velocity, self.grip, self.commanded_s = np.zeros(3), 1.0, 0.0
        self.velocities: list[list[float]] = []
        self.grips = 0
        self.pose = self.create_publisher(PoseStamped, 'gripper/pose', qos_profile_sensor_data)
        self.tracker = self.create_publisher(
            PoseStamped, 'tracker/block/pose', qos_profile_sensor_data)
        self.joints = self.create_publisher(JointState, 'joint_states', qos_profile_sensor_data)
        self.goal = self.create_publisher(PoseStamped, 'goal/pose', _LATCHED)
        self.create_subscription(TwistStamped, 'servo/delta_twist_cmds', self._on_twist, 1)
        self.create_subscription(
            Float64MultiArray, 'gripper_controller/commands', self._on_grip, 1)
        self.create_timer(1 / 25, self._move)
        self.create_timer(1 / 30, lambda: self.tracker.publish(self._pose(self.block)))
        self.create_timer(1 / 50, self._say_joints)
        self.create_timer(0.5, lambda: self.goal.publish(self._pose(_GOAL)))
        if episode_s:
            self._panel = self.create_publisher(EpisodeStatus, 'episode', _LATCHED)
            self._number, self._begun_s = 0, 0.0
            self.create_timer(0.1, self._watch_episode)

    def _now(self):
        return self.get_clock().now().to_msg()

    def _pose(self, position) -> PoseStamped:
        message = PoseStamped()
        message.header.stamp, message.header.frame_id = self._now(), 'base_link'
        point = message.pose.position
        point.x, point.y, point.z = (float(v) for v in position)
        return message

    def _say_joints(self) -> None:
        message = JointState(name=['torso_lift_joint', 'l_gripper_finger_joint',
                                   'r_gripper_finger_joint'],
                             position=[0.1, float(self.fingers), float(self.fingers)])
        message.header.stamp = self._now()
        self.joints.publish(message)

    def _on_twist(self, message: TwistStamped) -> None:
        linear = message.twist.linear
        if not self.velocities:
            print('moving', flush=True)
        self.velocity = np.array([linear.x, linear.y, linear.z])
        self.commanded_s = time.monotonic()
        self.velocities.append([self.commanded_s, *self.velocity.tolist()])

    def _on_grip(self, message: Float64MultiArray) -> None:
        self.grip, self.grips = message.data[0], self.grips + 1

    def _move(self) -> None:
        if time.monotonic() - self.commanded_s > _COMMAND_TIMEOUT_S:
            self.velocity = np.zeros(3)
        held = self.fingers < 0.03 and np.linalg.norm(self.block - self.gripper) < 0.03
        self.gripper = self.gripper + self.velocity / 25
        if held:
            self.block = self.block + self.velocity / 25
        near = np.linalg.norm(self.block - self.gripper) < 0.03
        closed = 0.025 if near else 0.0
        target = closed if self.grip < 0 else 0.05
        self.fingers += np.clip(target - self.fingers, -0.01, 0.01)
        self.pose.publish(self._pose(self.gripper))

    def _watch_episode(self) -> None:
        """Begin an episode when commands are listened for; end it in time."""
        if not self.count_publishers('servo/delta_twist_cmds'):
            return
        now = time.monotonic()
        if not self._begun_s:
            self._begun_s, self._number = now, self._number + 1
            self._announce(EpisodeStatus.STATE_RUNNING, Outcome.UNKNOWN)
        elif now - self._begun_s > self._episode_s:
            moved = bool(np.linalg.norm(self.gripper - _START) > 0.02)
            self._announce(EpisodeStatus.STATE_ENDED,
                           Outcome.SUCCESS if moved else Outcome.FAILURE)
            self.gripper, self.block, self.fingers = _START.copy(), _BLOCK.copy(), 0.05
            self._begun_s = 0.0

    def _announce(self, state: int, outcome: int) -> None:
        message = EpisodeStatus(episode=self._number, state=state, outcome=Outcome(value=outcome))
        message.header.stamp = self._now()
        self._panel.publish(message)


def main() -> int:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--episode-s', type=float, default=0.0, help='announce episodes so long')
    parser.add_argument('--summary', required=True, help='JSON file written at the end')
    options = parser.parse_args()
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    asked = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: asked.append(got))
    robot = FakeRobot(options.episode_s)
    executor = SingleThreadedExecutor()
    executor.add_node(robot)
    print('fake robot is up', flush=True)
    while not asked:
        executor.spin_once(timeout_sec=0.1)
    with open(options.summary, 'w') as file:
        json.dump({'velocities': robot.velocities, 'grips': robot.grips,
                   'gripper': robot.gripper.tolist(), 'start': _START.tolist()}, file)
    robot.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
