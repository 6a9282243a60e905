"""The point maze of the dissertation's figure 3.4: a script that drives a ball along a spiral.

The script pushes in four directions, each for 40 steps (section 3.1.5, manifold overfitting). Its
actions are four points in the plane of actions: a distribution without any width.
"""

from collections.abc import Callable

import numpy as np
from gymnasium_robotics.envs.maze.point_maze import PointMazeEnv

ACTIONS = np.array([(0.5, 0.0), (0.0, 0.5), (-0.7, 0.0), (0.0, -0.7)])
"""Forces in units of the largest one, shape [4, 2]."""
REPEATS = 40
STEPS = REPEATS * len(ACTIONS)
STEP_S = 0.01
_ROOM_CELLS = 12
"""Side of the empty room [cells of 1 m]; the script stays far from its walls."""
_START_M = (-2.0, -2.0)
_START_SPREAD_M = 0.1
_START_SPEED_M_S = 0.1

Act = Callable[[int, np.ndarray], np.ndarray]
"""(step, observation [4]) -> action [2] within -1..1."""


class Spiral:
    """The ball in an empty room; observation: x, y [m] and their velocities [m/s]."""

    def __init__(self):
        wall, free = [1] * _ROOM_CELLS, [1, *[0] * (_ROOM_CELLS - 2), 1]
        room = [wall, *[free] * (_ROOM_CELLS - 2), wall]
        # The maze sets the room up; its ball is driven directly, without goal and reward.
        self._maze = PointMazeEnv(room, render_mode=None)
        self._maze.reset(seed=0)
        self._ball = self._maze.point_env

    def run(self, act: Act, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Run an episode; return observations [STEPS + 1, 4] and actions [STEPS, 2]."""
        random = np.random.default_rng(seed)
        start = np.asarray(_START_M) + random.uniform(-_START_SPREAD_M, _START_SPREAD_M, 2)
        self._ball.reset(seed=0)
        self._ball.set_state(start, _START_SPEED_M_S * random.standard_normal(2))
        seen, done = [self._observe()], []
        for step in range(STEPS):
            done.append(np.clip(act(step, seen[-1]), -1.0, 1.0))
            self._ball.step(done[-1])
            seen.append(self._observe())
        return np.array(seen), np.array(done)

    def close(self) -> None:
        """Free the simulation."""
        self._maze.close()

    def _observe(self) -> np.ndarray:
        data = self._ball.data
        return np.concatenate([data.qpos[:2], data.qvel[:2]])


def script(step: int, observation: np.ndarray) -> np.ndarray:
    """Return what the script does at a step."""
    return ACTIONS[step // REPEATS]


def nearest(action: np.ndarray) -> np.ndarray:
    """Return the distance of actions [..., 2] to the nearest one of the script [...]."""
    return np.linalg.norm(action[..., None, :] - ACTIONS, axis=-1).min(axis=-1)
