"""The command line as a user has it: a process with exit code, stdout and stderr."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

SUPPORT = str(Path(__file__).parent.parent / 'evaluation' / 'support')
if SUPPORT not in sys.path:
    sys.path.insert(0, SUPPORT)


@pytest.fixture(scope='session')
def adapt_process():
    """Return a function that runs `adapt` with arguments in a process of its own."""

    def run(*arguments, cwd=None, timeout=120):
        command = [sys.executable, '-m', 'adapt_learning.cli.main', *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=cwd,
                              env=os.environ | {'COLUMNS': '200'})

    return run


@pytest.fixture
def adapt(monkeypatch):
    """Return a function that runs `adapt` in this process: the same, without the start."""
    from typer.testing import CliRunner

    from adapt_learning.cli.main import app

    def run(*arguments, cwd=None):
        monkeypatch.setenv('COLUMNS', '200')
        if cwd is not None:
            monkeypatch.chdir(cwd)
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return SimpleNamespace(returncode=result.exit_code, stdout=result.stdout,
                               stderr=result.stderr)

    return run


@pytest.fixture(scope='session')
def demos(tmp_path_factory):
    """Return the folder of six smooth episodes for fetch_pick."""
    import numpy as np

    from adapt_learning.data import Dataset, Episode, save_dataset
    from adapt_learning.frames import load_contract
    episodes = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        t = np.arange(30)[:, None]
        episodes.append(Episode(
            np.sin(t / 20 + rng.uniform(size=16)), 0.5 * np.sin(t / 5 + rng.uniform(size=4)),
            np.arange(30) * 0.04, np.zeros(30), True, seed, 1.0, 'pick'))
    folder = tmp_path_factory.mktemp('demos') / 'demos'
    save_dataset(folder, Dataset(tuple(episodes), load_contract('fetch_pick'),
                                 {'command': 'a test'}))
    return folder


@pytest.fixture(scope='session')
def policy(tmp_path_factory):
    """Return the folder of a linear policy for fetch_pick."""
    from tiny_policy import linear_policy
    return linear_policy(tmp_path_factory.mktemp('policy') / 'linear')
