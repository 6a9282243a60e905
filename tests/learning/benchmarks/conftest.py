"""Jobs that take no time, importable in worker processes too."""

import sys
from pathlib import Path

import pytest

from adapt_learning.benchmarks.job import Workplace

SUPPORT = str(Path(__file__).parent / 'support')
if SUPPORT not in sys.path:
    sys.path.insert(0, SUPPORT)


@pytest.fixture
def place(tmp_path):
    """Return an empty workplace."""
    return Workplace(tmp_path / 'results', tmp_path / 'cache')
