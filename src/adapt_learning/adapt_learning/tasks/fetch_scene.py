"""The Fetch arm at its table: physics shared by the Fetch tasks.

The scene is gymnasium-robotics' (MuJoCo). Compared with its stock environments, block and goal
lie on opposite sides of the gripper in boxes of 10 x 4 cm, as the dissertation's authors set them
up, and the observation is the contract's.
"""

from typing import ClassVar

import numpy as np
from gymnasium_robotics.envs.fetch.fetch_env import MujocoFetchEnv

from adapt_learning.frames.rotations import quaternion_from_matrix
from adapt_learning.tasks.base import Task
from adapt_learning.tasks.picture import picture_of

GOAL_TOLERANCE_M = 0.05
# Block and goal boxes around the gripper's start [m], at noise level 1; the level scales them.
OBJECT_OFFSET_M = np.array([0.0, 0.1])
OBJECT_BOX_M = np.array([[-0.05, 0.0], [0.05, 0.04]])
GOAL_OFFSET_M = np.array([0.0, -0.1])
GOAL_BOX_M = np.array([[-0.05, -0.04], [0.05, 0.0]])

# Close enough to see the fingers in a small picture.
_CAMERA = {'distance': 1.35, 'azimuth': 140.0, 'elevation': -22.0,
           'lookat': np.array([1.32, 0.75, 0.5])}


class FetchScene(Task):
    """A Fetch task: gripper, block and goal; subclasses say which scene, and how high the goal."""

    scene: ClassVar[type[MujocoFetchEnv]]
    """The stock environment whose physics this is."""
    goal_height_m = 0.0
    """Height of the goal above the block's resting height [m]."""

    def __init__(self, width: int = 320, height: int = 240,
                 render_mode: str | None = 'rgb_array'):
        super().__init__(render_mode)
        self._sim = self.scene(render_mode='rgb_array', width=width, height=height,
                               default_camera_config=_CAMERA)
        self._sim.reset(seed=0)
        self._ids = {name: self._sim.model.site(name).id for name in ('robot0:grip', 'object0')}
        model = self._sim.model
        self._fingers = [model.joint(f'robot0:{side}_gripper_finger_joint').qposadr[0]
                         for side in ('r', 'l')]
        self.start_m = self._sim.initial_gripper_xpos.copy()
        """Gripper position at the start of every episode [m], shape [3]."""
        self.rest_height_m = float(self._sim.height_offset)
        """Height of the block's centre on the table [m]."""
        self.goal_m = np.zeros(3)
        """Where the block has to go [m], shape [3]."""

    def raw(self) -> dict[str, np.ndarray]:
        """Return gripper, block (quaternion xyzw), fingers and goal, in metres."""
        data = self._sim.data
        grip, block = self._ids['robot0:grip'], self._ids['object0']
        return {
            'gripper_position': data.site_xpos[grip].copy(),
            'object_position': data.site_xpos[block].copy(),
            'object_rotation': quaternion_from_matrix(data.site_xmat[block]),
            'finger_position': data.qpos[self._fingers].copy(),
            'goal_position': self.goal_m.copy(),
        }

    def is_success(self) -> bool:
        """Return whether the block is within 5 cm of the goal."""
        block = self._sim.data.site_xpos[self._ids['object0']]
        return bool(np.linalg.norm(block - self.goal_m) < GOAL_TOLERANCE_M)

    def render(self) -> np.ndarray:
        """Return a camera picture, uint8 [height, width, 3]; the episode goes on as without it."""
        # Not `self._sim.render()`: that moves the goal's marker by way of mj_forward, which changes
        # what `raw` reads and what the solver starts from. The marker stands right since `_begin`.
        return picture_of(self._sim.mujoco_renderer)

    def close(self) -> None:
        """Free the renderer."""
        self._sim.close()

    def _begin(self, noise_level: float) -> None:
        sim = self._sim
        block = self.start_m[:2] + OBJECT_OFFSET_M + noise_level * self.np_random.uniform(
            *OBJECT_BOX_M)
        goal = self.start_m[:2] + GOAL_OFFSET_M + noise_level * self.np_random.uniform(*GOAL_BOX_M)
        sim._reset_sim()
        pose = sim._utils.get_joint_qpos(sim.model, sim.data, 'object0:joint')
        pose[:2] = block
        sim._utils.set_joint_qpos(sim.model, sim.data, 'object0:joint', pose)
        self.goal_m = np.array([*goal, self.rest_height_m + self.goal_height_m])
        sim.goal = self.goal_m
        marker = sim.model.site('target0').id
        sim.model.site_pos[marker] = self.goal_m - sim.data.xpos[sim.model.site_bodyid[marker]]
        sim._mujoco.mj_forward(sim.model, sim.data)

    def _advance(self, action: np.ndarray) -> float:
        # The stock scenes always take four numbers; a blocked gripper ignores the last one.
        action = np.concatenate([action, np.zeros(4 - len(action))])
        self._sim._set_action(action)
        self._sim._mujoco_step(action)
        return float(self.is_success())
