"""One simulation for all tests of this folder: building it costs more than an episode."""

import pytest

from adapt_learning.evaluation.simulation import make_task, prepare

prepare()


@pytest.fixture(scope='session')
def task():
    """Return FetchPick; every test resets it itself."""
    made = make_task('fetch_pick')
    yield made
    made.close()


@pytest.fixture(scope='session')
def can_render(task):
    """Skip where this machine has no OpenGL."""
    task.reset(seed=0)
    try:
        task.render()
    except Exception as error:
        pytest.skip(f'no rendering here: {error}')
