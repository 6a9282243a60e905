"""Pictures of several scenes in one process are each of their own scene."""

import numpy as np
import pytest

from adapt_learning import catalog
from adapt_learning.evaluation.simulation import make_task


@pytest.mark.parametrize('name', catalog.names('task'))
def test_a_picture_is_of_its_own_scene_whatever_else_is_drawn_or_closed(name, can_render):
    task = make_task(name)
    other = make_task('maze' if name == 'cheetah' else 'cheetah')
    for one in (task, other):
        one.reset(seed=0)
    first = task.render()
    assert first.std() > 5
    drawn = other.render()
    np.testing.assert_array_equal(task.render(), first)
    np.testing.assert_array_equal(other.render(), drawn)
    other.close()
    np.testing.assert_array_equal(task.render(), first)
    task.close()
