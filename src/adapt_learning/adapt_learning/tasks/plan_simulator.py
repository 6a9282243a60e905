"""Many action sequences at once in MuJoCo: what planners try out."""

import mujoco
import numpy as np
from mujoco import rollout

_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS


class PlanSimulator:
    """
    Simulates plans with a model and so many of its time steps per action.

    Actions are in -1..1 and span the control range of each actuator. One thread: collecting is
    parallel by processes.
    """

    def __init__(self, model: mujoco.MjModel, substeps: int):
        self.model, self.substeps = model, substeps
        self._data = mujoco.MjData(model)
        low, high = model.actuator_ctrlrange.T
        self._center, self._half = (low + high) / 2, (high - low) / 2

    def control(self, action: np.ndarray) -> np.ndarray:
        """Return the controls [..., nu] of actions [..., nu]."""
        return self._center + action * self._half

    def state(self, qpos: np.ndarray, qvel: np.ndarray) -> np.ndarray:
        """Return the full state of MuJoCo; whatever else it has is as after a reset."""
        mujoco.mj_resetData(self.model, self._data)
        self._data.qpos, self._data.qvel = qpos, qvel
        state = np.empty(mujoco.mj_stateSize(self.model, _STATE))
        mujoco.mj_getState(self.model, self._data, state, _STATE)
        return state

    def simulate(self, states: np.ndarray, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Return positions [K, H, nq] and velocities [K, H, nv] after each action [K, H, nu].

        `states` is one for all [N] or one for each plan [K, N].
        """
        after, _ = rollout.rollout(self.model, self._data, np.atleast_2d(states), np.repeat(
            self.control(actions), self.substeps, axis=1))
        after = after[:, self.substeps - 1::self.substeps]
        # A full state begins with the time, positions and velocities.
        return np.split(after, [1, 1 + self.model.nq, 1 + self.model.nq + self.model.nv], -1)[1:3]
