"""The same table by processes of this machine and by a real Ray cluster of two workers."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from quick_jobs import Make, ran

from adapt_learning import catalog
from adapt_learning.benchmarks import runner
from adapt_learning.benchmarks.backends import REPEATS
from adapt_learning.benchmarks.ray_backend import ADDRESS
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.evaluation.workers import WorkerLost

QUIET = {'RAY_USAGE_STATS_ENABLED': '0', 'RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER': '0',
         'RAY_AUTH_MODE': 'token', 'RAY_AUTH_TOKEN': '5' * 64}
HEAD = """
import sys, ray
context = ray.init('local', num_cpus=2, include_dashboard=False, object_store_memory=80 * 2**20,
                   _temp_dir=sys.argv[1], log_to_driver=False, configure_logging=False)
print(context.address_info['address'], flush=True)
sys.stdin.read()
"""


def processes_of(folder):
    """Return the processes of Ray whose files are in a folder."""
    return [process for process in psutil.process_iter(['cmdline'])
            if any(str(folder) in word for word in process.info['cmdline'] or ())
            and process.pid != os.getpid()]


@pytest.fixture(scope='module')
def cluster():
    """Run a cluster of two workers on the loopback device; give the environment to use it."""
    with tempfile.TemporaryDirectory(prefix='ray') as folder:  # short: sockets are in it
        search = os.pathsep.join([str(Path(__file__).parent / 'support'), *filter(None, sys.path)])
        head = subprocess.Popen(
            [sys.executable, '-c', HEAD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env=os.environ | QUIET | {'PYTHONPATH': search})
        address = head.stdout.readline().strip()
        assert address.startswith('127.0.0.1:')
        yield QUIET | {ADDRESS: address}
        head.communicate(timeout=60)
        left = processes_of(folder)
        psutil.wait_procs(left, timeout=10)
        assert not [process for process in left if process.is_running()]


@pytest.fixture(params=['loky', 'ray'])
def backend(request, monkeypatch):
    """Return the name of a backend that is ready for use."""
    if request.param == 'ray':
        for name, value in request.getfixturevalue('cluster').items():
            monkeypatch.setenv(name, value)
    return request.param


def chain(**changes):
    """Return a table of two targets that share their first job."""
    train = Make('train', 7, (Make('data', 5),))
    return [Make('near', 1, (train,)), Make('far', 2, (train,), **changes)]


def test_the_same_result_files(place, backend):
    said = []
    run_jobs(chain(), place, 2, said.append, backend)
    assert ran(place)[:2] == ['data', 'train'] and sorted(ran(place)[2:]) == ['far', 'near']
    assert [job.result(place)['value'] for job in chain()] == [13, 14]
    assert said[-1].done == said[-1].jobs == 4 and said[-1].share == pytest.approx(1.0)
    job = chain()[0]
    content = json.loads(job.result_file(place).read_text())
    assert content['inputs'] == {'number': 1, 'after': [12]} and content['result'] == {'value': 13}
    assert content['provenance'].keys() == {
        'command', 'seconds', 'code_version', 'ended', 'cores', 'processor', 'python', 'packages'}
    assert sorted(p.name for p in place.results.iterdir()) == sorted(
        one.result_file(place).name for one in (*chain(), train_of(job), train_of(job).after[0]))


def train_of(job):
    return job.after[0]


def test_a_worker_that_dies_costs_a_repetition_and_the_table_is_complete(place, backend, capsys):
    said = []
    table = [*chain(deaths=2), Make('third', 4)]
    run_jobs(table, place, 2, said.append, backend)
    assert [job.result(place)['value'] for job in table] == [13, 14, 4]
    assert ran(place).count('far') == 3
    assert sum('begun again' in now.note for now in said) == 2
    assert capsys.readouterr().out == ''  # it may be kept for JSON


def test_workers_that_die_again_and_again_end_the_table(place, backend):
    with pytest.raises(WorkerLost, match='same command goes on'):
        run_jobs(chain(deaths=REPEATS + 1), place, 2, backend=backend)
    assert ran(place).count('far') == REPEATS + 1
    run_jobs(chain(deaths=REPEATS + 1), place, 2, backend=backend)
    assert chain()[1].result(place) == {'value': 14}


def test_what_a_job_says_is_said(place, backend):
    with pytest.raises(RuntimeError, match='^far fails$'):
        run_jobs(chain(fails=True), place, 2, backend=backend)
    assert ran(place)[:2] == ['data', 'train']
    with pytest.raises(DatasetError, match='^unreadable$'):
        run_jobs([Unreadable('bad')], place, 2, backend=backend)


@dataclass(frozen=True)
class Unreadable(Make):
    """Finds an error that the user can mend."""

    def run(self, place):
        raise DatasetError('unreadable')


def test_a_worker_that_does_not_see_the_folders_says_so(place, backend, monkeypatch):
    """A node without the network file system, played by a mark that nobody can find."""
    monkeypatch.setattr(runner, '_SEEN_WITHIN_S', 0.0)

    @contextmanager
    def elsewhere(place):
        yield 'token of another folder'

    monkeypatch.setattr(runner, '_marked', elsewhere)
    with pytest.raises(SettingError, match=f'does not see the folder {place.results}.*--cache'):
        run_jobs([Make('lone')], place, 2, backend=backend)
    assert ran(place) == []


def test_no_cluster_at_the_address(place, monkeypatch):
    monkeypatch.setenv(ADDRESS, 'nonsense')
    with pytest.raises(SettingError, match='no Ray cluster at RAY_ADDRESS=nonsense'):
        run_jobs([Make('lone')], place, 2, backend='ray')


def test_without_ray_the_command_says_what_to_install(place, monkeypatch):
    monkeypatch.setitem(sys.modules, 'ray', None)
    with pytest.raises(SettingError, match=r"pip install 'adapt_learning\[ray\]'"):
        run_jobs([Make('lone')], place, 2, backend='ray')
    assert not place.results.exists()


def test_an_unknown_backend_lists_what_there_is(place):
    with pytest.raises(Exception, match="no backend 'rai'; allowed: loky, ray"):
        run_jobs([Make('lone')], place, 2, backend='rai')
    assert catalog.names('backend') == ('loky', 'ray') and not place.results.exists()
