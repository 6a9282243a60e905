"""
Maze: a ball that is pushed through a maze to a goal.

Dissertation section 3.1.5; map, physics, observation (6) and action (2) are those of D4RL's
maze2d-medium, as gymnasium-robotics has them for MuJoCo 3.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from gymnasium_robotics.envs.maze.maps import MEDIUM_MAZE
from gymnasium_robotics.envs.maze.point_maze import PointMazeEnv

from adapt_learning.tasks.base import Task, TaskSpec
from adapt_learning.tasks.maze_experts import PursuitMazeExpert, WaypointMazeExpert
from adapt_learning.tasks.picture import picture_of

GOAL_TOLERANCE_M = 0.5
START_BOX_M = 0.1
"""Start and goal lie so far from the middle of their cells at most, at noise level 1."""
START_SPEED_M_S = 0.1
"""Standard deviation of each element of the velocity at the start."""

# Straight from above, all of the maze in the picture.
_CAMERA = {'distance': 9.5, 'azimuth': 90.0, 'elevation': -89.9, 'lookat': np.zeros(3)}


class Maze(Task):
    """Push the ball by a force in the plane until it is within half a metre of the goal."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='maze',
        title='A ball is pushed through a maze to a goal',
        max_steps=400,
        noise_levels=(1.0, 1.25, 1.5, 1.75, 2.0),
        # Beyond it a start in the neighbouring cell could be a success.
        max_noise_level=2.4,
        spread=MappingProxyType({'position': 1.34, 'velocity': 1.8, 'goal_position': 1.58,
                                 'force': 30.0}),
    )
    experts: ClassVar[Mapping[str, type]] = MappingProxyType(
        {'pursuit': PursuitMazeExpert, 'waypoint': WaypointMazeExpert})

    def __init__(self, width: int = 320, height: int = 240,
                 render_mode: str | None = 'rgb_array'):
        super().__init__(render_mode)
        self._sim = PointMazeEnv(MEDIUM_MAZE, render_mode='rgb_array', width=width, height=height)
        self._sim.reset(seed=0)
        self._ball = self._sim.point_env
        # PointMazeEnv has a camera of its own and takes none; nothing was drawn with it yet.
        self._ball.mujoco_renderer.default_cam_config = _CAMERA
        self.free_m = np.array(self._sim.maze.unique_reset_locations)
        """Middles of the free cells [m], shape [26, 2]."""
        self.goal_m = np.zeros(2)
        """Where the ball has to go [m], shape [2]."""

    def raw(self) -> dict[str, np.ndarray]:
        """Return position [m], velocity [m/s] and goal [m]."""
        data = self._ball.data
        return {'position': data.qpos[:2].copy(), 'velocity': data.qvel[:2].copy(),
                'goal_position': np.array([*self.goal_m, 0.0])}

    def is_success(self) -> bool:
        """Return whether the ball is within half a metre of the goal."""
        return bool(np.linalg.norm(self._ball.data.qpos[:2] - self.goal_m) <= GOAL_TOLERANCE_M)

    def render(self) -> np.ndarray:
        """Return a camera picture, uint8 [height, width, 3]."""
        return picture_of(self._ball.mujoco_renderer)

    def close(self) -> None:
        """Free the renderer."""
        self._ball.close()

    def _begin(self, noise_level: float) -> None:
        # Two different cells: within one cell the episode would be over before it begins.
        cells = self.free_m[self.np_random.choice(len(self.free_m), 2, replace=False)]
        start, self.goal_m = cells + noise_level * self.np_random.uniform(
            -START_BOX_M, START_BOX_M, (2, 2))
        self._sim.goal = self.goal_m
        self._sim.update_target_site_pos()
        self._ball.reset(seed=0)
        self._ball.set_state(start, START_SPEED_M_S * self.np_random.normal(size=2))

    def _advance(self, action: np.ndarray) -> float:
        self._ball.step(action)
        return float(self.is_success())
