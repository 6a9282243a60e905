"""Collecting: repeatable, parallel, resumable, honest about failures."""

import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import psutil
import pytest
from tiny_reach import TinyReach

from adapt_learning.data import load_dataset
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.evaluation.collect import CollectFailed, CollectPlan, collect
from adapt_learning.evaluation.workers import WorkerLost

SUPPORT = Path(__file__).parent / 'support'
PLAN = CollectPlan('tiny_reach', 45, seed=3)


def files_of(folder):
    """Return the content of every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob('*') if p.is_file()}


def all_end(pids, within_s=10):
    """Return whether all processes end soon."""
    end = time.monotonic() + within_s
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
              for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope='module')
def expected(tmp_path_factory):
    """Return the folder that an undisturbed run in one process makes."""
    folder = tmp_path_factory.mktemp('expected') / 'demos'
    collect(PLAN, folder, 1, setup=partial(TinyReach, clumsy=True))
    return folder


def test_keeps_successes_and_counts_failures(expected):
    dataset = load_dataset(expected)
    assert len(dataset) == 45 and all(episode.success for episode in dataset)
    meta = dataset.meta
    assert meta['failed'] > 5 and meta['attempts'] == 45 + meta['failed']
    assert meta['command'] == 'adapt collect tiny_reach --episodes 45 --seed 3 --noise-level 1'


def test_the_number_of_jobs_changes_nothing(expected, tmp_path):
    collect(PLAN, tmp_path / 'demos', 2, setup=partial(TinyReach, clumsy=True))
    assert files_of(tmp_path / 'demos') == files_of(expected)
    assert [p.name for p in tmp_path.iterdir()] == ['demos']


def test_seeds_do_not_overlap():
    other = CollectPlan('tiny_reach', 45, seed=4)
    assert not ({PLAN.episode_seed(i) for i in range(500)}
                & {other.episode_seed(i) for i in range(500)})


@pytest.mark.parametrize('jobs', [1, 2])
def test_kill_9_in_the_middle_and_again_gives_the_same(expected, tmp_path, jobs):
    """The process kills itself (its parent, from a worker) once some episodes are on disk."""
    code = textwrap.dedent(f"""
        import multiprocessing, os, signal, sys
        from functools import partial
        sys.path.insert(0, {str(SUPPORT)!r})
        from tiny_reach import TinyReach
        from adapt_learning.evaluation.collect import CollectPlan, collect
        def stop(now):
            if now.kept >= 30:
                print(*(child.pid for child in multiprocessing.active_children()), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        if __name__ == '__main__':
            collect(CollectPlan('tiny_reach', 45, seed=3), sys.argv[1], {jobs}, stop,
                    partial(TinyReach, clumsy=True))
    """)
    done = subprocess.run([sys.executable, '-c', code, str(tmp_path / 'demos')], timeout=60,
                          stdout=subprocess.PIPE, text=True)
    assert done.returncode == -9
    workers = [int(pid) for pid in done.stdout.split()]
    assert len(workers) == (jobs if jobs > 1 else 0) and all_end(workers)
    assert [p.name for p in tmp_path.iterdir()] == ['demos.part']
    resumed = []
    collect(PLAN, tmp_path / 'demos', 1, lambda now: resumed.append(now.resumed),
            partial(TinyReach, clumsy=True))
    assert resumed[0] == 20
    assert files_of(tmp_path / 'demos') == files_of(expected)


def test_ctrl_c_keeps_what_was_made(expected, tmp_path):
    def interrupt(now):
        if now.kept == 33:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(PLAN, tmp_path / 'demos', 1, interrupt, partial(TinyReach, clumsy=True))
    seen = []
    collect(PLAN, tmp_path / 'demos', 1, seen.append, partial(TinyReach, clumsy=True))
    assert seen[0].resumed == 33
    assert files_of(tmp_path / 'demos') == files_of(expected)


def test_a_killed_worker_is_said_and_the_work_continues(expected, tmp_path):
    killer = tmp_path / 'killer'
    killer.touch()
    with pytest.raises(WorkerLost, match='a worker process died'):
        collect(PLAN, tmp_path / 'demos', 2,
                setup=partial(TinyReach, clumsy=True, killer_file=str(killer)))
    collect(PLAN, tmp_path / 'demos', 1, setup=partial(TinyReach, clumsy=True))
    assert files_of(tmp_path / 'demos') == files_of(expected)


def test_refuses_to_mix_plans_and_to_overwrite(tmp_path, expected):
    def interrupt(now):
        if now.kept == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(PLAN, tmp_path / 'demos', 1, interrupt, TinyReach)
    with pytest.raises(DatasetError, match=r'seed 3 \(now 9\)'):
        collect(CollectPlan('tiny_reach', 45, seed=9), tmp_path / 'demos', 1, setup=TinyReach)
    with pytest.raises(DatasetError, match='never overwritten'):
        collect(PLAN, expected, 1, setup=TinyReach)


def test_gives_up_on_a_hopeless_expert(tmp_path):
    with pytest.raises(CollectFailed, match='only 0 of 28 episodes'):
        collect(CollectPlan('tiny_reach', 2, 0), tmp_path / 'demos', 1,
                setup=partial(TinyReach, clumsy='always'))


@pytest.mark.parametrize('episodes, seed, level', [(0, 0, 1.0), (5, -1, 1.0), (5, 0, 9.0)])
def test_refuses_settings_out_of_range(tmp_path, episodes, seed, level):
    with pytest.raises(SettingError):
        collect(CollectPlan('tiny_reach', episodes, seed, level), tmp_path / 'demos', 1,
                setup=TinyReach)
    assert list(tmp_path.iterdir()) == []
