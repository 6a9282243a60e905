"""The `adapt` command as a user has it, in processes of its own."""

import dataclasses
import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Done:
    """What a finished command left."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self):
        """Return standard output as JSON: all of it, and of no other kind."""
        def refuse(word):
            raise AssertionError(f'{word} is not JSON')
        return json.loads(self.stdout, parse_constant=refuse)


@pytest.fixture(scope='session')
def adapt():
    """Return a function that runs `adapt` with arguments and returns what it left."""
    installed = shutil.which('adapt')
    command = [installed] if installed else [sys.executable, '-m', 'adapt_learning.cli.main']

    def run(*arguments, cwd=None, timeout=120):
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True, cwd=cwd,
            timeout=timeout, env=os.environ | {'COLUMNS': '200', 'OMP_NUM_THREADS': '1'})
        assert 'Traceback' not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def good(done):
    """Return a finished command after checking that it succeeded."""
    assert done.code == 0, done.stderr
    return done


@dataclass(frozen=True)
class Life:
    """Folders and results of one life: collect, look, train, evaluate."""

    folder: str
    collected: dict
    info: dict
    report: dict
    trained: dict
    """By policy."""
    evaluated: dict
    """By policy."""

    @property
    def data(self):
        """Return the folder of the demonstrations."""
        return Path(self.folder) / 'demos'

    def artifact(self, policy):
        """Return the folder of an artifact."""
        return Path(self.folder) / policy


TINY = ('network.width=16', 'network.depth=2', 'optimization.steps=40', 'optimization.batch=32',
        'optimization.validate_every=20', 'optimization.warmup_steps=5', 'run.threads=1',
        'run.validation_fraction=0.34')
TINY_DBC = (*TINY, 'diffusion.network.width=16', 'diffusion.network.depth=2',
            'diffusion.optimization.steps=40', 'diffusion.optimization.batch=32',
            'diffusion.optimization.validate_every=20', 'diffusion.optimization.warmup_steps=5')


@pytest.fixture(scope='session')
def life(adapt, tmp_path_factory, request):
    """Return the whole life of tiny BC and DBC policies; test processes share one."""
    shared = tmp_path_factory.getbasetemp()
    if hasattr(request.config, 'workerinput'):
        shared = shared.parent
    told = shared / 'life.json'
    with open(shared / 'life.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            folder = shared / 'life'
            folder.mkdir()
            told.write_text(json.dumps(dataclasses.asdict(live(adapt, folder))))
    return Life(**json.loads(told.read_text()))


def live(adapt, folder):
    """Collect, look, train and evaluate in a folder."""
    data = folder / 'demos'
    collected = good(adapt('collect', 'fetch_pick', '--episodes', 3, '--seed', 0, '--jobs', 1,
                           '--out', data, '--json', '-')).json
    info = good(adapt('data', 'info', data, '--json', '-')).json
    report = good(adapt('data', 'report', data, '--json', '-')).json
    trained, evaluated = {}, {}
    for policy, settings in (('bc', TINY), ('dbc', TINY_DBC)):
        settings = [word for setting in settings for word in ('--set', setting)]
        trained[policy] = good(adapt(
            'train', policy, '--task', 'fetch_pick', '--data', data, '--out', folder / policy,
            *settings, '--json', '-')).json
        evaluated[policy] = good(adapt(
            'eval', folder / policy, '--episodes', 2, '--noise-level', 1.25, '--seed', 1000,
            '--jobs', 1, '--json', '-')).json
    return Life(str(folder), collected, info, report, trained, evaluated)
