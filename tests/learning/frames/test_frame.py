"""One instant: its shape, its order, and what is not finite in it."""

import numpy as np
import pytest

from adapt_learning.errors import SampleError
from adapt_learning.frames import Feature, Frame, FrameSpec

SPEC = FrameSpec((Feature('joints', 2, 'rad', ('elbow', 'wrist')), Feature('goal', 3, 'm')))


def frame(**changes):
    return Frame(SPEC, 5, {'goal': np.array([1.0, 2, 3]), 'joints': np.array([8.0, 9])} | changes)


def test_the_vector_is_float32_in_the_order_of_the_spec():
    vector = frame().vector
    assert vector.dtype == np.float32 and vector.tolist() == [8, 9, 1, 2, 3]
    assert vector[SPEC.slices['goal']].tolist() == [1, 2, 3]


def test_values_are_kept_in_double_precision():
    assert frame(goal=[0.1, 0.2, 0.3]).values['goal'].tolist() == [0.1, 0.2, 0.3]


def test_values_are_copied_and_cannot_be_written():
    source = np.array([1.0, 2, 3])
    made = frame(goal=source)
    source[0] = 99
    assert made.values['goal'][0] == 1.0
    with pytest.raises(ValueError, match='read-only'):
        made.values['goal'][0] = 5
    with pytest.raises(AttributeError):
        made.stamp_ns = 6


@pytest.mark.parametrize('wrong', [np.zeros(2), np.zeros(4), np.zeros((3, 1)), 1.0])
def test_a_wrong_shape_is_refused_with_both_shapes(wrong):
    with pytest.raises(SampleError, match=r"'goal' has shape \[3\] by the contract; got "):
        frame(goal=wrong)


def test_missing_and_foreign_features_are_refused_by_name():
    with pytest.raises(SampleError, match="'goal' is missing"):
        Frame(SPEC, 0, {'joints': np.zeros(2)})
    with pytest.raises(SampleError, match=r"\['colour'\] are not in it"):
        frame(colour=np.zeros(1))


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf, 1e39])
def test_what_is_not_finite_is_named(bad):
    """1e39 is finite as a double and infinite in the vector that the policy sees."""
    made = frame(goal=[0, bad, 0], joints=[bad, 0])
    assert not made.is_finite
    assert made.not_finite() == ('joints.elbow', 'goal.1')


def test_a_finite_frame_names_nothing():
    assert frame().is_finite and frame().not_finite() == ()
