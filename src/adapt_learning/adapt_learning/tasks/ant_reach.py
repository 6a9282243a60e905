"""
AntReach: a four-legged ant walks to a goal (dissertation section 3.1.5).

The ant is gymnasium's, with the time step, the contacts and the goal of the published environment
(goal_prox_il): a goal 5 m away on a semicircle, 50 steps of 0.1 s, 0.5 m count as reached,
observation (42) and action (8). Two things differ. There the episode goes on behind a success, here
it ends, as in every task. And there the goal is a flag that falls to the floor and settles while
the episode runs; here it stands where that one comes to rest.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import gymnasium.envs.mujoco
import mujoco
import numpy as np
from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer

from adapt_learning.tasks.ant_reach_experts import TrotExpert
from adapt_learning.tasks.base import Task, TaskSpec
from adapt_learning.tasks.picture import picture_of

GOAL_TOLERANCE_M = 0.5
GOAL_DISTANCE_M = 5.0
START_NOISE = 0.01
"""Each coordinate of the start is off by so much at most [m, rad], at noise level 1."""
START_SPEED = 0.005
"""Each velocity at the start is so large at most [m/s, rad/s], at every level."""
_TIME_STEP_S, _PHYSICS_STEPS = 0.02, 5
# Upright, and as high as the published flag comes to rest; its pole is the y axis of its body.
_GOAL_HEIGHT_M = 0.5
_GOAL_QUATERNION = np.array([0.5 ** 0.5, 0.5 ** 0.5, 0.0, 0.0])
_XYZW = [1, 2, 3, 0]

# From behind the start: the whole semicircle is in the picture.
_CAMERA = {'distance': 12.0, 'azimuth': 90.0, 'elevation': -45.0,
           'lookat': np.array([0.0, 1.9, 0.0])}


def build_model() -> mujoco.MjModel:
    """Return gymnasium's ant with the published step, contacts and goal."""
    folder = Path(gymnasium.envs.mujoco.__file__).parent / 'assets'
    spec = mujoco.MjSpec.from_file(str(folder / 'ant.xml'))
    spec.option.timestep = _TIME_STEP_S
    for geom in spec.geoms:
        geom.solref[:2] = 0.02, 1.0
        geom.solimp[:3] = 0.8, 0.8, 0.01
    goal = spec.worldbody.add_body(name='goal', mocap=True)
    untouched = {'contype': 0, 'conaffinity': 0}
    goal.add_geom(name='pole', type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[0.05, 0, 0],
                  fromto=[0, -0.5, 0, 0, 1.0, 0], rgba=[1, 1, 1, 1], **untouched)
    goal.add_geom(name='flag', type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.4, 0.25, 0.03],
                  pos=[0.4, 0.75, 0], rgba=[0.1, 0.8, 0.2, 1], **untouched)
    return spec.compile()


class AntReach(Task):
    """Walk to within half a metre of a goal that is five metres away, within five seconds."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='ant_reach',
        title='A four-legged ant walks to a goal five metres away',
        max_steps=50,
        # Times 0.01: the published sweep 0, 0.01, 0.03 and 0.05.
        noise_levels=(0.0, 1.0, 3.0, 5.0),
        max_noise_level=10.0,
        # Of what is observed: the torso's height without its place, the offset without its height.
        spread=MappingProxyType({
            'torso_height': 0.063, 'torso_orientation': 0.34, 'joint_position': 0.29,
            'goal_position': 2.1, 'goal_orientation': 0.0, 'torso_velocity': 0.91,
            'torso_angular_velocity': 1.15, 'joint_velocity': 3.3, 'goal_velocity': 0.0,
            'goal_angular_velocity': 0.0, 'goal_offset': 2.0, 'effort': 38.0}),
    )
    experts: ClassVar[Mapping[str, type]] = MappingProxyType({'trot': TrotExpert})

    def __init__(self, width: int = 320, height: int = 240,
                 render_mode: str | None = 'rgb_array'):
        super().__init__(render_mode)
        self.model = build_model()
        self.data = mujoco.MjData(self.model)
        self._size = width, height
        self._renderer: Any = None
        self.goal_m = np.zeros(2)
        """Where the ant has to go [m], shape [2]."""

    def raw(self) -> dict[str, np.ndarray]:
        """Return poses (quaternions xyzw), velocities and the way to the goal, in SI units."""
        position, velocity = self.data.qpos, self.data.qvel
        return {
            'torso_height': position[:3].copy(),
            'torso_orientation': position[3:7][_XYZW],
            'joint_position': position[7:].copy(),
            'goal_position': np.array([*self.goal_m, _GOAL_HEIGHT_M]),
            'goal_orientation': _GOAL_QUATERNION[_XYZW],
            'torso_velocity': velocity[:3].copy(),
            'torso_angular_velocity': velocity[3:6].copy(),
            'joint_velocity': velocity[6:].copy(),
            'goal_velocity': np.zeros(3),
            'goal_angular_velocity': np.zeros(3),
            'goal_offset': np.array([*self.goal_m - position[:2], 0.0]),
        }

    def distance_m(self) -> float:
        """Return how far the torso is from the goal, in the plane [m]."""
        return float(np.linalg.norm(self.goal_m - self.data.qpos[:2]))

    def is_success(self) -> bool:
        """Return whether the ant is within half a metre of the goal."""
        return self.distance_m() < GOAL_TOLERANCE_M

    def render(self) -> np.ndarray:
        """Return a camera picture, uint8 [height, width, 3]."""
        if self._renderer is None:
            self._renderer = MujocoRenderer(self.model, self.data, _CAMERA, *self._size)
        return picture_of(self._renderer)

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _begin(self, noise_level: float) -> None:
        data, random = self.data, self.np_random
        angle = random.uniform(0.0, np.pi)
        self.goal_m = GOAL_DISTANCE_M * np.array([np.cos(angle), np.sin(angle)])
        mujoco.mj_resetData(self.model, data)
        data.qpos[:] = (self.model.numeric('init_qpos').data
                        + noise_level * random.uniform(-START_NOISE, START_NOISE, data.qpos.size))
        mujoco.mj_normalizeQuat(self.model, data.qpos)
        data.qvel[:] = random.uniform(-START_SPEED, START_SPEED, data.qvel.size)
        data.mocap_pos[0] = *self.goal_m, _GOAL_HEIGHT_M
        data.mocap_quat[0] = _GOAL_QUATERNION
        mujoco.mj_forward(self.model, data)

    def _advance(self, action: np.ndarray) -> float:
        """Advance 0.1 s; the reward is 1 at the goal and 0 at the start, as published."""
        self.data.ctrl[:] = action
        mujoco.mj_step(self.model, self.data, _PHYSICS_STEPS)
        return 1.0 - self.distance_m() / GOAL_DISTANCE_M
