"""A small contract for tests: an arm with two joints, a goal that is said once, two commands."""

from pathlib import Path

from adapt_learning.frames import Contract, load_contract

_TEXT = """\
name: arm
rate_hz: 10
observation:
  - {{key: position, topic: gripper/pose, type: geometry_msgs/msg/PoseStamped,
      field: pose.position, size: 3, unit: m}}
  - {{key: joints, topic: joint_states, type: sensor_msgs/msg/JointState, field: position,
      names: [shoulder, elbow], size: 2, unit: rad}}
  - {{key: goal, topic: goal/pose, type: geometry_msgs/msg/PoseStamped, field: pose.position,
      size: 3, unit: m, align: {goal_align}}}
action:
  - {{key: velocity, topic: servo/delta_twist_cmds, type: geometry_msgs/msg/TwistStamped,
      field: twist.linear, size: 3, unit: m/s, scale: 0.5, on_stop: zero, frame_id: base_link}}
  - {{key: grip, topic: gripper_controller/commands, type: std_msgs/msg/Float64MultiArray,
      field: data, size: 1, unit: '1', on_stop: hold}}
safety:
  observation_timeout_s: {observation_timeout_s}
  inference_deadline_s: {inference_deadline_s}
  max_deadline_misses: {max_deadline_misses}
"""

VELOCITY, GRIP = 'servo/delta_twist_cmds', 'gripper_controller/commands'


def write_arm_contract(folder: Path, *, goal_align: str = 'hold',
                       observation_timeout_s: float = 5.0, inference_deadline_s: float = 5.0,
                       max_deadline_misses: int = 3, change: tuple[str, str] = ('', '')
                       ) -> tuple[Path, Contract]:
    """Write the contract; limits are generous unless a test is about them."""
    text = _TEXT.format(
        goal_align=goal_align, observation_timeout_s=observation_timeout_s,
        inference_deadline_s=inference_deadline_s, max_deadline_misses=max_deadline_misses)
    path = folder / 'arm.yaml'
    path.write_text(text.replace(*change))
    return path, load_contract(path)
