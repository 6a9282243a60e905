"""FetchPick: pick a block from the table and carry it to a goal in the air.

Dissertation section 3.1.5; observation (16), regions and noise level as its authors set them up.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from gymnasium_robotics.envs.fetch.pick_and_place import MujocoFetchPickAndPlaceEnv

from adapt_learning.tasks.base import TaskSpec
from adapt_learning.tasks.fetch_pick_experts import SmoothPickExpert, StagedPickExpert
from adapt_learning.tasks.fetch_scene import FetchScene


class FetchPick(FetchScene):
    """Pick the block up and bring it to a goal 15 cm above the table, within 50 steps."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='fetch_pick',
        title='Fetch arm picks a block and carries it to a goal in the air',
        max_steps=50,
        noise_levels=(1.0, 1.25, 1.5, 1.75, 2.0),
        max_noise_level=2.5,
        spread=MappingProxyType({
            'gripper_position': 0.042, 'object_position': 0.045, 'object_rotation': 0.0031,
            'finger_position': 0.0137, 'goal_position': 0.018,
            'gripper_velocity': 0.39, 'gripper_command': 0.91}),
    )
    scene = MujocoFetchPickAndPlaceEnv
    goal_height_m = 0.15
    experts: ClassVar[Mapping[str, type]] = MappingProxyType(
        {'smooth': SmoothPickExpert, 'staged': StagedPickExpert})
