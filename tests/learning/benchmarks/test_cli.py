"""`adapt bench`: what is wrong is said before anything runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

import psutil
import pytest
from typer.testing import CliRunner

from adapt_learning.cli.main import app


@pytest.mark.parametrize(('arguments', 'says'), [
    (('table-3.3', '--preset', 'gpu'), 'cpu, paper'),
    (('table-3.3', '--expert', 'me'), 'smooth, staged'),
    (('table-3.3', '--seeds', '0,zero'), 'whole numbers'),
    (('table-3.3', '--seeds', '1,1'), 'different'),
    (('table-3.2', '--tasks', 'maze,moon'), 'some of maze, fetch_pick'),
    (('table-3.2', '--preset', 'gpu'), 'cpu, paper'),
    (('table-3.1', '--tasks', 'moon'), 'some of maze, fetch_pick'),
    (('fig-3.4', '--preset', 'gpu'), 'cpu, paper'),
    (('efficiency', '--seeds', '-1'), 'from 0 up'),
    (('experiments', 'none.yaml'), 'cannot be read'),
])
def test_bad_input(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('COLUMNS', '200')
    done = CliRunner().invoke(app, ['bench', *arguments])
    assert done.exit_code == 2 and says in done.stderr
    assert list(tmp_path.iterdir()) == []


ONE_ROW = """
defaults: {demonstrations: 6, episodes: 2, levels: [1.0], seeds: [0]}
groups: {a: {rows: [{name: short, policy: bc, set: [network.width=8, optimization.steps=%d]}]}}
"""


def test_experiments_from_file_to_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two = ONE_ROW.replace('rows: [', 'rows: [{name: base, policy: bc, set: [network.width=4, '
                          'optimization.steps=20]}, ')
    (tmp_path / 'few.yaml').write_text(two % 20)
    done = CliRunner().invoke(app, ['bench', 'experiments', 'few.yaml', '--jobs', '1',
                                    '--json', 'table.json'])
    assert done.exit_code == 0, done.stderr
    base, row = json.loads((tmp_path / 'table.json').read_text())['rows']
    assert row['name'] == 'short' and row['cells'][0]['episodes_per_seed'] == 2
    lines = (tmp_path / 'benchmarks' / 'few.md').read_text().splitlines()
    first, second = (line for line in lines if line.startswith(('| base |', '| short |')))
    assert first.split('|')[4].strip() == '-' and second.split('|')[4].strip()[0] in '+-'
    assert base['name'] == 'base'
    done = CliRunner().invoke(app, ['bench', 'experiments', 'few.yaml', '--only', 'long'])
    assert done.exit_code == 2 and 'there are base, short' in done.stderr


@pytest.mark.parametrize('jobs', ['1', '2'])
def test_ctrl_c_ends_soon_and_the_training_goes_on_later(tmp_path, jobs):
    two = ONE_ROW.replace('rows: [', 'rows: [{name: other, policy: bc}, ')
    (tmp_path / 'few.yaml').write_text(two % 100_000)
    process = subprocess.Popen(
        [sys.executable, '-m', 'adapt_learning.cli.main', 'bench', 'experiments', 'few.yaml',
         '--jobs', jobs], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    log = tmp_path / 'runs' / 'bench'
    end = time.monotonic() + 90
    while not list(log.glob('train-*.run/log.jsonl')) and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(0.5)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and 'interrupted' in said and 'Traceback' not in said
    assert time.monotonic() - begin < 10


def test_every_table_can_run_on_a_cluster():
    """A verb that takes --jobs takes --backend, too."""
    import typer
    verbs = typer.main.get_command(app).commands['bench'].commands
    options = {name: {option for p in verb.params for option in p.opts}
               for name, verb in verbs.items()}
    assert [name for name, has in options.items() if '--jobs' in has and '--backend' not in has
            ] == []


def test_a_local_ray_cluster_listens_on_loopback_only_and_ends_with_the_command(tmp_path):
    (tmp_path / 'few.yaml').write_text(ONE_ROW % 1_000_000)
    short = mkdtemp(prefix='r')  # the paths of Ray's sockets must not be long
    environment = {name: value for name, value in os.environ.items() if name != 'RAY_ADDRESS'}
    process = subprocess.Popen(
        [sys.executable, '-m', 'adapt_learning.cli.main', 'bench', 'experiments', 'few.yaml',
         '--jobs', '2', '--backend', 'ray'], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env=environment | {'TMPDIR': short})
    end = time.monotonic() + 150
    while not list((tmp_path / 'runs').rglob('log.jsonl')) and time.monotonic() < end:
        time.sleep(0.2)
    family = psutil.Process(process.pid).children(recursive=True)
    heard = {c.laddr.ip for one in family for c in one.net_connections('tcp')
             if c.status == psutil.CONN_LISTEN}
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and 'interrupted' in said and 'Traceback' not in said
    assert heard and heard <= {'127.0.0.1', '::ffff:127.0.0.1', '::1'}
    assert not psutil.wait_procs(family, timeout=20)[1]
    assert not list(Path(short).glob('adapt-ray-*'))
    shutil.rmtree(short)
