"""
HandRotate: a Shadow hand turns a block in its palm (dissertation section 3.1.5).

Physics, observation (68) and action (20) are those of gymnasium-robotics'
HandManipulateBlockRotateZ; starts and goals are the narrower ones of the published task: the block
lies within 30 degrees of straight, and has to be turned to 60 to 120 degrees about the vertical.
Where it ends up does not count, and a block that was dropped ends nothing: the published episodes
go on, too.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar

import mujoco
import numpy as np
from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer
from gymnasium_robotics.envs.shadow_dexterous_hand.manipulate_block import MujocoHandBlockEnv

from adapt_learning.tasks.base import Task, TaskSpec
from adapt_learning.tasks.hand_rotate_experts import (
    GaitHandExpert,
    GaitTrial,
    PlanningHandExpert,
)
from adapt_learning.tasks.picture import picture_of

GOAL_TOLERANCE_RAD = 0.1
START_ANGLE_RAD = np.pi / 6
"""The block's angle at the start is within this, at noise level 1."""
GOAL_ANGLE_RAD = np.pi / 2
GOAL_SPREAD_RAD = np.pi / 6
"""The goal's angle is within this of `GOAL_ANGLE_RAD`, at noise level 1."""
START_SPREAD_M = 0.005
"""Standard deviation of each coordinate of the block before it settles, at noise level 1."""
_SETTLING_STEPS = 10
_PALM_HEIGHT_M = 0.04
"""A block whose middle is lower did not stay on the palm."""
_JOINTS = 24

# From above the fingertips, so that neither palm nor thumb hides the block.
_CAMERA = {'distance': 0.37, 'azimuth': 60.0, 'elevation': -50.0,
           'lookat': np.array([1.055, 0.9, 0.15])}
_GHOST_M = np.array([0.15, 0.0, 0.0])
"""The goal is drawn so far beside the block."""


class HandRotate(Task):
    """Turn the block about the vertical to the goal's angle, within 50 steps."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='hand_rotate',
        title='Shadow hand rotates a block',
        max_steps=50,
        noise_levels=(1.0, 1.25, 1.5),
        # Beyond it the angles of starts and goals overlap.
        max_noise_level=1.5,
        spread=MappingProxyType({
            'position': 0.167, 'velocity': 1.38, 'object_velocity': 0.129,
            'object_angular_velocity': 1.48, 'object_position': 0.011, 'object_rotation': 0.315,
            'goal_position': 0.0, 'goal_rotation': 0.111, 'joint_command': 0.377}),
    )
    experts: ClassVar[Mapping[str, type]] = MappingProxyType(
        {'gait': GaitHandExpert, 'mppi': PlanningHandExpert})

    def __init__(self, width: int = 320, height: int = 240,
                 render_mode: str | None = 'rgb_array'):
        super().__init__(render_mode)
        self._sim = MujocoHandBlockEnv(target_position='ignore', target_rotation='z')
        self._model, self._data = self._sim.model, self._sim.data
        # Pictures are taken of a copy: drawing the goal must not touch the episode.
        self._picture = mujoco.MjData(self._model)
        self._renderer = MujocoRenderer(self._model, self._picture, _CAMERA, width, height)
        self._object, self._target = (
            self._model.joint(name).qposadr[0] for name in ('object:joint', 'target:joint'))
        self._object_velocity = self._model.joint('object:joint').dofadr[0]
        self.goal_rotation = np.array([1.0, 0.0, 0.0, 0.0])
        """How the block has to lie: unit quaternion w x y z, shape [4]."""

    def raw(self) -> dict[str, np.ndarray]:
        """Return joints [rad, rad/s], the block's velocity and pose, and the goal (xyzw)."""
        data, start = self._data, self._object_velocity
        pose = data.qpos[self._object:self._object + 7]
        return {
            'position': data.qpos[:_JOINTS].copy(),
            'velocity': data.qvel[:_JOINTS].copy(),
            'object_velocity': data.qvel[start:start + 3].copy(),
            'object_angular_velocity': data.qvel[start + 3:start + 6].copy(),
            'object_position': pose[:3].copy(),
            'object_rotation': _message_order(pose[3:]),
            'goal_position': np.zeros(3),
            'goal_rotation': _message_order(self.goal_rotation),
        }

    def rotation_error_rad(self) -> float:
        """Return the angle between the block and its goal, about whatever axis [rad]."""
        found = self._data.qpos[self._object + 3:self._object + 7]
        # A quaternion and its negative are the same rotation.
        return float(2 * np.arccos(min(abs(found @ self.goal_rotation), 1.0)))

    def is_success(self) -> bool:
        """Return whether the block lies as the goal does, within 0.1 rad."""
        return self.rotation_error_rad() < GOAL_TOLERANCE_RAD

    def score_gaits(self, gaits: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        """Return how well gaits [K, 61] turn the block from the starts of these seeds, [K]."""
        starts = []
        for seed in seeds:
            self.reset(seed=int(seed))
            starts.append(self.raw())
        return self._trial.scores(gaits, starts)

    @cached_property
    def _trial(self) -> GaitTrial:
        return GaitTrial(self.spec_.max_steps)

    def render(self) -> np.ndarray:
        """Return a camera picture, uint8 [height, width, 3]; the goal is beside the block."""
        mujoco.mj_copyData(self._picture, self._model, self._data)
        place = self._data.qpos[self._object:self._object + 3] + _GHOST_M
        self._picture.qpos[self._target:self._target + 7] = [*place, *self.goal_rotation]
        mujoco.mj_forward(self._model, self._picture)
        return picture_of(self._renderer)

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()
        self._sim.close()

    def _begin(self, noise_level: float) -> None:
        while True:  # Hardly ever more than once: a block may roll off, or settle at its goal.
            start, goal = noise_level * self.np_random.uniform(
                (-START_ANGLE_RAD, -GOAL_SPREAD_RAD), (START_ANGLE_RAD, GOAL_SPREAD_RAD))
            self.goal_rotation = about_vertical(GOAL_ANGLE_RAD + goal)
            offset = noise_level * START_SPREAD_M * self.np_random.standard_normal(3)
            self._settle(offset, start)
            on_palm = self._data.qpos[self._object + 2] > _PALM_HEIGHT_M
            if on_palm and not self.is_success():
                return

    def _settle(self, offset: np.ndarray, angle: float) -> None:
        """Let the block fall onto the palm of a hand whose joints are in their middles."""
        mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[:] = self._sim.initial_qpos
        self._data.qpos[self._object:self._object + 3] += offset
        self._data.qpos[self._object + 3:self._object + 7] = about_vertical(angle)
        for _ in range(_SETTLING_STEPS):
            self._advance(np.zeros(self.action_space.shape))
        self._data.time = 0.0

    def _advance(self, action: np.ndarray) -> float:
        self._sim._set_action(action)
        self._sim._mujoco_step(action)
        return float(self.is_success())


def about_vertical(angle: float) -> np.ndarray:
    """Return the quaternion w x y z of a rotation by an angle [rad] about the vertical."""
    return np.array([np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)])


def _message_order(quaternion: np.ndarray) -> np.ndarray:
    """Return MuJoCo's w x y z as x y z w, with w >= 0: one vector per rotation."""
    w, x, y, z = quaternion if quaternion[0] >= 0 else -quaternion
    return np.array([x, y, z, w])
