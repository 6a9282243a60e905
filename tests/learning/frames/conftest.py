"""Contracts for the tests of frames."""

import pytest

from adapt_learning.frames import load_contract


@pytest.fixture(scope='session')
def fetch_pick():
    """Return the contract of fetch_pick: 16 observations, 4 actions, 25 Hz."""
    return load_contract('fetch_pick')
