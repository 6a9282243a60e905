"""Rotations in the conventions of ROS (quaternion xyzw, REP-103) and of the Fetch observation."""

import math

import numpy as np


def euler_xyz(quaternion: np.ndarray) -> np.ndarray:
    """
    Turn a quaternion [x, y, z, w] into intrinsic x-y-z Euler angles [rad], shape [3].

    This is the convention of the object angles in the Fetch observation (MuJoCo's eulerseq 'xyz').
    The quaternion need not have unit length; what is no rotation (zero, NaN, infinite) gives NaN
    in all three, so that the finite check sees it.
    """
    x, y, z, w = (float(v) for v in quaternion)
    norm = math.sqrt(x * x + y * y + z * z + w * w)
    if not 0.0 < norm < math.inf:
        return np.full(3, math.nan)
    x, y, z, w = x / norm, y / norm, z / norm, w / norm
    r02 = 2 * (x * z + w * y)
    r12 = 2 * (y * z - w * x)
    r22 = 1 - 2 * (x * x + y * y)
    cos_y = math.hypot(r12, r22)
    if cos_y > 1e-12:
        first = -math.atan2(r12, r22)
        third = math.atan2(-2 * (x * y - w * z), 1 - 2 * (y * y + z * z))
    else:  # gimbal lock: the first angle is free, so it is set to zero
        first = 0.0
        third = math.atan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
    return np.array([first, math.atan2(r02, cos_y), third])


def quaternion_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """Turn a rotation matrix [3, 3] (or [9], row-major) into a quaternion [x, y, z, w]."""
    m = np.asarray(matrix, dtype=np.float64).reshape(3, 3)
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    # Four equivalent formulas; the one with the largest divisor keeps the rounding error small.
    candidates = (trace, m[0, 0], m[1, 1], m[2, 2])
    largest = int(np.argmax(candidates))
    if largest == 0:
        s = 2 * math.sqrt(1 + trace)
        q = ((m[2, 1] - m[1, 2]) / s, (m[0, 2] - m[2, 0]) / s, (m[1, 0] - m[0, 1]) / s, s / 4)
    else:
        i = largest - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        s = 2 * math.sqrt(max(1 + m[i, i] - m[j, j] - m[k, k], 0.0))
        q = [0.0, 0.0, 0.0, (m[k, j] - m[j, k]) / s]
        q[i], q[j], q[k] = s / 4, (m[j, i] + m[i, j]) / s, (m[k, i] + m[i, k]) / s
    return np.array(q)
