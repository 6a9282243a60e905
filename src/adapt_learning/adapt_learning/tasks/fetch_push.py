"""FetchPush: push a block over the table to a goal with a closed gripper.

Dissertation section 3.2.4; regions, observation (16) and noise level are those of FetchPick, the
fingers are blocked, so the action has three elements.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from gymnasium_robotics.envs.fetch.push import MujocoFetchPushEnv

from adapt_learning.tasks.base import TaskSpec
from adapt_learning.tasks.fetch_push_experts import SmoothPushExpert, StagedPushExpert
from adapt_learning.tasks.fetch_scene import FetchScene


class FetchPush(FetchScene):
    """Push the block to a goal on the other side of the gripper's start, within 60 steps."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='fetch_push',
        title='Fetch arm pushes a block over the table to a goal',
        max_steps=60,
        noise_levels=(1.0, 1.25, 1.5, 1.75, 2.0),
        max_noise_level=2.0,
        spread=MappingProxyType({
            'gripper_position': 0.049, 'object_position': 0.038, 'object_rotation': 0.015,
            'finger_position': 0.0012, 'goal_position': 0.018, 'gripper_velocity': 0.28}),
    )
    scene = MujocoFetchPushEnv
    experts: ClassVar[Mapping[str, type]] = MappingProxyType(
        {'smooth': SmoothPushExpert, 'staged': StagedPushExpert})
