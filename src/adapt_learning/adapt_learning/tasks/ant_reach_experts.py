"""
Demonstrator of AntReach: a trot that reads its phase off the joints, so it has no memory.

The form is that of a central pattern generator with PD-controlled joints. Its numbers come from a
search (CMA-ES, first with a clock for the phase, then with the phase by least squares from the
joints) and were rounded until only those were left that matter.
"""

import numpy as np

# Legs 1 to 4: where they stand around the torso, which way their ankles bend, and which of them
# move together (in a trot, the two that stand opposite to each other).
_BEARING = np.deg2rad([45.0, 135.0, 225.0, 315.0])
_BEND = np.array([1.0, -1.0, -1.0, 1.0])
_PAIR = np.array([1.0, -1.0, 1.0, -1.0])
_MOTOR_ORDER = [6, 7, 0, 1, 2, 3, 4, 5]
"""The model's motors begin with leg 4."""

# Hip and ankle (bent the same way in all legs): middle and half of the range of their targets.
_MIDDLE_RAD = np.array([0.0, 0.87])
_REACH_RAD = np.array([0.5, 0.35])
_STIFFNESS, _DAMPING = 0.45, 0.055
"""Action per rad and per rad/s of error."""

_SWING = np.array([
    [[0, 0, 1.5], [-2, 0, -2], [0, 3, 0]],
    [[0, -2.5, 1], [0, -1, -2.5], [1.5, 0, 0]]])
"""[2, 3, 3]: (hip, ankle) x (1, cos d, sin d) x (1, p z_1, p z_2)."""
_PHASE = np.array([
    [[0, 0.3, 0, -0.03], [0, 0.4, 0, 0], [0, 0, 0, 0]],
    [[0, -0.6, 0, 0], [0, 0, 0, 0], [0, 0, 0.03, 0]]])
"""[2, 3, 4]: z x (1, cos d, sin d) x (hip, ankle [rad], their velocities [rad/s])."""
_START = np.array([0.02, 0.01])
"""z where all legs stand alike, as at the start: the phase in which the ant sets off."""
_SOFT = 0.1
"""Keeps the phase smooth where z is small."""


class TrotExpert:
    """
    Trots towards the goal, in any direction without turning to it.

    All legs have the same numbers. With b = [1, cos d, sin d] for the bearing d of the goal as a
    leg sees it, and p = 1 or -1 for the leg's pair:

        z = start + sum over the legs of p b phase [hip, ankle, their velocities]
        target of hip and ankle = middle + reach tanh(b swing [1, p z / |z|])

    and the action pulls hip and ankle to their targets.
    """

    def reset(self, seed: int) -> None:
        """Begin a new episode (nothing to remember)."""

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [8] for the raw values of the instant."""
        position = _by_leg(raw['joint_position']) - _MIDDLE_RAD
        velocity = _by_leg(raw['joint_velocity'])
        goal_x, goal_y, _ = raw['goal_offset']
        bearing = np.arctan2(goal_y, goal_x) - _yaw(raw['torso_orientation']) - _BEARING
        seen = np.stack([np.ones(4), np.cos(bearing), np.sin(bearing)], axis=1)
        state = np.concatenate([position, velocity], axis=1)
        z = _START + np.einsum('l,lb,zbj,lj->z', _PAIR, seen, _PHASE, state)
        z /= np.sqrt(z @ z + _SOFT)
        cycle = np.concatenate([np.ones((4, 1)), _PAIR[:, None] * z], axis=1)
        target = _REACH_RAD * np.tanh(np.einsum('lb,jbc,lc->lj', seen, _SWING, cycle))
        effort = _STIFFNESS * (target - position) - _DAMPING * velocity
        effort[:, 1] *= _BEND
        return np.clip(effort.ravel()[_MOTOR_ORDER], -1.0, 1.0)


def _by_leg(joints: np.ndarray) -> np.ndarray:
    """Return hip and ankle of each leg [4, 2], bent the same way."""
    legs = joints.reshape(4, 2).copy()
    legs[:, 1] *= _BEND
    return legs


def _yaw(quaternion: np.ndarray) -> float:
    """Return the heading of a quaternion xyzw [rad]."""
    x, y, z, w = quaternion
    return float(np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z)))
