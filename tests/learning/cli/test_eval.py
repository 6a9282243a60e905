"""`adapt eval`: the numbers, for people and for machines."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time


def test_numbers_picture_and_clean_output(adapt_process, policy, tmp_path):
    done = adapt_process('eval', policy, '--episodes', 2, '--seed', 5, '--jobs', 1,
                         '--json', '-', '--picture', tmp_path / 'run.png')
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    for key in ('success_rate', 'ci_low', 'ci_high', 'episodes', 'mean_steps', 'mean_return',
                'episodes_per_second', 'per_episode'):
        assert key in facts
    assert [episode['seed'] for episode in facts['per_episode']] == [5, 6]
    assert 'Adroit' not in done.stderr and 'Warning' not in done.stderr
    assert 'success (95 % Wilson)' in done.stderr
    assert (tmp_path / 'run.png').exists()


def test_a_result_goes_into_the_card_with_its_command(adapt, policy, tmp_path):
    copy = tmp_path / 'policy'
    shutil.copytree(policy, copy)
    done = adapt('eval', copy, '--episodes', 2, '--seed', 7, '--jobs', 1, '--card')
    assert done.returncode == 0, done.stderr
    card = (copy / 'card.md').read_text()
    assert 'fetch_pick at noise level 1.25, seeds 7..8: success_rate' in card
    assert 'adapt eval policy --episodes 2 --noise-level 1.25 --seed 7 --card' in card
    assert adapt('eval', copy, '--episodes', 1, '--jobs', 1).returncode == 0  # still intact


def test_people_get_a_table(adapt, policy):
    done = adapt('eval', policy, '--episodes', 1, '--jobs', 1, '--task', 'fetch_pick')
    assert done.returncode == 0 and 'failed seeds' in done.stdout
    assert 'eval fetch_pick: 1 of 1' in done.stderr


def test_ctrl_c_ends_everything_with_130(policy):
    command = [sys.executable, '-m', 'adapt_learning.cli.main', 'eval', str(policy),
               '--episodes', '5000', '--jobs', '2']
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)
    begin = time.monotonic()
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and time.monotonic() - begin < 5
    assert 'Traceback' not in errors
    # multiprocessing's tracker notices a moment later that its parent is gone
    end = time.monotonic() + 5
    while alive(process.pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(process.pid)


def alive(group):
    """Return whether a process group has any process."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
