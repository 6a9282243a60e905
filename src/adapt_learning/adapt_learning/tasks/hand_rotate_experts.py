"""Demonstrators of HandRotate."""

from importlib.resources import files

import mujoco
import numpy as np

from adapt_learning.tasks.mppi import Mppi, MppiConfig

_SCENE = 'envs/assets/hand/manipulate_block.xml'
_JOINTS = 24
_OBJECT = slice(24, 31)
_TIMESTEP_S, _SUBSTEPS = 0.008, 5
"""Plans are made with four times the time step of the task, and without dry friction in the joints:
a fifth of the work, and the motion is the same for a dozen steps."""


def planning_model() -> mujoco.MjModel:
    """Return the hand and the block without the drawing of the goal."""
    spec = mujoco.MjSpec.from_file(str(files('gymnasium_robotics') / _SCENE))
    spec.delete(spec.body('target'))
    spec.option.timestep = _TIMESTEP_S
    model = spec.compile()
    model.dof_frictionloss[:] = 0.0
    return model


class PlanningHandExpert:
    """Model predictive path integral control in the simulator."""

    config = MppiConfig(samples=40, horizon=10, knots=4, noise=0.3, temperature=0.1)
    w_pos, w_act, w_vel, w_final = 20.0, 0.02, 0.0, 0.0

    def __init__(self):
        self._planner = Mppi(planning_model(), _SUBSTEPS, self._cost, self.config)
        self._goal = np.array([1.0, 0.0, 0.0, 0.0])
        self._home = np.zeros(3)

    def reset(self, seed: int) -> None:
        """Begin a new episode."""
        self._planner.reset(seed)

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [20] for the raw values of the instant."""
        self._goal = raw['goal_rotation'][[3, 0, 1, 2]]
        qpos = np.concatenate([raw['position'], raw['object_position'],
                               raw['object_rotation'][[3, 0, 1, 2]]])
        qvel = np.concatenate([raw['velocity'], raw['object_velocity'],
                               raw['object_angular_velocity']])
        return self._planner.plan(qpos, qvel)

    def _cost(self, qpos: np.ndarray, qvel: np.ndarray, action: np.ndarray) -> np.ndarray:
        """Return the cost [K] of plans: mostly the angle that is left to turn."""
        error = 2 * np.arccos(np.clip(abs(qpos[..., 27:31] @ self._goal), 0.0, 1.0))
        away = np.linalg.norm(qpos[..., 24:27] - HOME, axis=-1)
        return (error + self.w_pos * np.maximum(away - 0.02, 0) + self.w_act * (action ** 2).sum(-1)).mean(-1)

HOME = np.array([1.01, 0.884, 0.167])
