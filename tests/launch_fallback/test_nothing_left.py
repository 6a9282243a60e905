"""Whatever happens to the launcher, within five seconds none of its processes is left."""

import os
import pty
import signal
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='uses /proc')

POLITE = 'exec sleep 60'
STUBBORN = 'trap "" INT TERM; while :; do sleep 1; done'
GRANDCHILD = 'setsid sleep 60 & sleep 60'
ORPHAN = '(setsid bash -c \'trap "" INT TERM HUP; sleep 60\' &) ; exec sleep 60'


@pytest.fixture
def start(ros2, prefix):
    """Return a function that launches bash scripts and waits until they run."""
    def start(*scripts, timeouts=(0.3, 0.2), **kwargs):
        processes = [f"ExecuteProcess(cmd=['bash', '-c', {'echo ready; ' + script!r}], "
                     "output='screen')" for script in scripts]
        prefix.launch_file('x.launch.py', ', '.join(processes))
        given = zip(('sigterm_timeout', 'sigkill_timeout'), timeouts)
        launcher = ros2.start('launch', 'demo', 'x.launch.py',
                              *(f'{name}:={value}' for name, value in given), **kwargs)
        for _ in scripts:
            while not launcher.stdout.readline().endswith('] ready\n'):
                assert launcher.poll() is None
        time.sleep(0.1)
        return launcher
    return start


def worker_of(launcher):
    return int(open(f'/proc/{launcher.pid}/task/{launcher.pid}/children').read().split()[0])


@pytest.mark.parametrize(('number', 'code'), [(signal.SIGINT, 0), (signal.SIGTERM, -15),
                                              (signal.SIGHUP, -1)])
def test_signals_end_all_in_order(ros2, start, number, code):
    launcher = start(POLITE, GRANDCHILD)
    launcher.send_signal(number)
    text = launcher.communicate(timeout=5)[0]
    assert launcher.returncode == code
    assert text.count('sending SIGINT') == 2
    assert not ros2.left()


def test_the_stubborn_and_the_orphaned_end_within_five_seconds(ros2, start):
    launcher = start(STUBBORN, ORPHAN, timeouts=())  # with the fallback's own times
    begun = time.monotonic()
    launcher.send_signal(signal.SIGINT)
    launcher.send_signal(signal.SIGINT)  # impatience changes nothing
    text = launcher.communicate(timeout=6)[0]
    assert time.monotonic() - begun < 5
    assert launcher.returncode == 0
    assert 'sending SIGTERM' in text
    assert 'sending SIGKILL' in text
    assert not ros2.left()


def test_orphans_end_with_a_launch_that_ends_by_itself(ros2, start):
    launcher = start(ORPHAN.replace('exec sleep 60', 'true'))
    launcher.communicate(timeout=3)
    assert launcher.returncode == 0
    assert not ros2.left()


@pytest.mark.parametrize('scripts', [(POLITE, GRANDCHILD), (STUBBORN, ORPHAN)])
def test_sigkill_of_the_launcher(ros2, start, scripts):
    launcher = start(*scripts)
    launcher.kill()
    assert not ros2.all_gone(within=5)


def test_sigkill_of_the_worker(ros2, start):
    launcher = start(STUBBORN, ORPHAN)
    os.kill(worker_of(launcher), signal.SIGKILL)
    launcher.communicate(timeout=3)
    assert launcher.returncode == 128 + signal.SIGKILL
    assert not ros2.left()


def test_sigkill_of_both(ros2, start):
    launcher = start(STUBBORN)
    worker = worker_of(launcher)
    launcher.kill()
    os.kill(worker, signal.SIGKILL)
    assert not ros2.all_gone(within=2)


def test_ctrl_c_in_a_terminal_reaches_each_process_once(ros2, start):
    master, slave = pty.openpty()

    def own_terminal():
        os.setsid()
        import fcntl
        import termios
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    count = 'n=0; trap "((n++))" INT; for i in 1 2 3 4 5 6; do sleep 0.1; done; echo got $n'
    launcher = start(count, stdin=slave, timeouts=(3,), preexec_fn=own_terminal)
    os.write(master, b'\x03')
    text = launcher.communicate(timeout=5)[0]
    os.close(master)
    os.close(slave)
    assert launcher.returncode == 0
    assert 'got 1' in text
    assert 'sending SIGINT' not in text


def test_a_reader_that_goes_away_does_not_stop_the_end(ros2, start):
    launcher = start('trap "" PIPE; while :; do echo x; sleep 0.02; done')
    launcher.stdout.close()
    time.sleep(0.3)
    launcher.send_signal(signal.SIGINT)
    launcher.wait(5)
    assert not ros2.left()


def test_background_jobs_of_scripts_get_sigint_too(ros2, start):
    # A shell without job control starts background jobs with SIGINT ignored.
    launcher = start(POLITE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    launcher.send_signal(signal.SIGINT)
    begun = time.monotonic()
    launcher.communicate(timeout=5)
    assert time.monotonic() - begun < 2
    assert launcher.returncode == 0
