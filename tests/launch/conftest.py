"""The real launch file, and a fast policy for it."""

from pathlib import Path

import pytest

MODEL = Path(__file__).parents[2] / 'models' / 'fetch_pick_dbc'


@pytest.fixture
def launched(tmp_path):
    """Return a function that starts the launch file; nothing of it is left after the test."""
    from launched import Launched
    started = []

    def start(*arguments, **options):
        made = Launched(tmp_path / f'launch{len(started)}', *arguments, **options)
        started.append(made)
        return made
    yield start
    left = [line for made in started for line in made.left()]
    for made in started:
        made.close()
    assert not left, f'left running: {left}'


@pytest.fixture(scope='session')
def policy(tmp_path_factory):
    """Return the shipped policy, or a handmade one that never succeeds where there is none."""
    if (MODEL / 'manifest.json').is_file():
        return str(MODEL)
    return _handmade(tmp_path_factory)


@pytest.fixture(scope='session')
def failing_policy(tmp_path_factory):
    """Return a policy whose episodes take all their steps."""
    return _handmade(tmp_path_factory)


def _handmade(factory):
    from artifact_maker import make_policy

    from adapt_learning.frames import load_contract
    return str(make_policy(factory.mktemp('policy') / 'handmade', load_contract('fetch_pick'),
                           action=[0.0, 0.0, 0.1, 1.0]))
