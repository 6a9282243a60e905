"""Rotations against scipy and against the code that made the published observations."""

import numpy as np
import pytest
from gymnasium_robotics.utils.rotations import mat2euler
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from adapt_learning.frames.rotations import euler_xyz, quaternion_from_matrix

NUMBER = st.floats(-1, 1, allow_nan=False)
QUATERNION = st.tuples(NUMBER, NUMBER, NUMBER, NUMBER).map(np.array)


def assert_same_angles(left, right, tolerance):
    """Compare angles; pi and -pi are the same one."""
    np.testing.assert_allclose(np.sin((left - right) / 2), 0, atol=tolerance)


@given(QUATERNION, st.sampled_from([1e-9, 1e-3, 1.0, 7.0, 1e6]))
def test_euler_angles_are_scipy_s_whatever_the_length_of_the_quaternion(quaternion, length):
    norm = np.linalg.norm(quaternion)
    assume(norm > 1e-3)
    rotation = Rotation.from_quat(quaternion)
    angles = euler_xyz(quaternion / norm * length)
    again = Rotation.from_euler('XYZ', angles)
    # At gimbal lock many angles say the same rotation, so rotations are compared.
    assert (rotation.inv() * again).magnitude() < 1e-6
    if abs(angles[1]) < 1.5:
        assert_same_angles(angles, rotation.as_euler('XYZ'), 1e-9)


@given(QUATERNION)
def test_euler_angles_are_those_of_the_published_observation(quaternion):
    assume(np.linalg.norm(quaternion) > 1e-3)
    rotation = Rotation.from_quat(quaternion)
    angles = euler_xyz(quaternion)
    if abs(angles[1]) < 1.57:
        assert_same_angles(angles, mat2euler(rotation.as_matrix()), 1e-6)


@pytest.mark.parametrize('first', [-2.5, 0.0, 1.0])
@pytest.mark.parametrize('middle', [-np.pi / 2, np.pi / 2])
def test_at_gimbal_lock_the_first_angle_is_zero_as_in_the_published_observation(first, middle):
    matrix = Rotation.from_euler('XYZ', [first, middle, 0.3]).as_matrix()
    # Exactly locked, so that rounding does not choose the branch.
    matrix[0, :2] = matrix[1:, 2] = 0
    angles = euler_xyz(quaternion_from_matrix(matrix))
    expected = mat2euler(matrix)
    assert expected[0] == 0
    again = Rotation.from_euler('XYZ', angles).as_matrix()
    np.testing.assert_allclose(again, Rotation.from_euler('XYZ', expected).as_matrix(), atol=1e-7)
    np.testing.assert_allclose(again, matrix, atol=1e-7)


def test_exactly_at_gimbal_lock_the_angles_are_the_published_ones():
    half = np.sqrt(0.5)
    for quaternion in ([0, half, 0, half], [0, -half, 0, half]):
        matrix = Rotation.from_quat(quaternion).as_matrix().round(12)
        np.testing.assert_allclose(euler_xyz(np.array(quaternion)), mat2euler(matrix), atol=1e-7)


@given(QUATERNION)
def test_a_matrix_gives_the_quaternion_it_came_from(quaternion):
    assume(np.linalg.norm(quaternion) > 1e-3)
    rotation = Rotation.from_quat(quaternion)
    made = quaternion_from_matrix(rotation.as_matrix().ravel())
    assert np.linalg.norm(made) == pytest.approx(1.0, abs=1e-9)
    # q and -q are one rotation.
    assert abs(made @ rotation.as_quat()) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize('axis', [0, 1, 2])
def test_half_turns_are_no_exception(axis):
    vector = np.zeros(3)
    vector[axis] = np.pi
    rotation = Rotation.from_rotvec(vector)
    made = Rotation.from_quat(quaternion_from_matrix(rotation.as_matrix()))
    assert (made.inv() * rotation).magnitude() < 1e-9


@pytest.mark.parametrize('quaternion', [
    [0, 0, 0, 0], [np.nan, 0, 0, 1], [0, 0, 0, np.nan], [np.inf, 0, 0, 0], [0, 0, 0, -np.inf],
    [1e200, 0, 0, 1e200],
])
def test_what_is_no_rotation_is_not_finite_in_any_angle(quaternion):
    """A contract may take a single angle; the finite check has to see the fault there too."""
    assert not np.isfinite(euler_xyz(np.array(quaternion, dtype=float))).any()
