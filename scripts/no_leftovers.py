"""
Run a command and see to it that nothing it started outlives it.

Whatever is still running some seconds after the command has ended is named, ended, and counts as a
failure: a node that a test or a launch leaves behind would go on commanding a robot.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

import psutil

_GRACE_S = 5.0
_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Return the command's exit code, or 1 where it was 0 and something was left."""
    if len(sys.argv) < 2:
        sys.exit('usage: no_leftovers.py COMMAND [ARGUMENT ...]')
    # Orphans become children of this process instead of vanishing from sight.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child.pid, signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the command itself
    code = _wait_for(child.pid)
    left = _wait_for_orphans()
    if not left:
        return code if code >= 0 else 128 - code
    for process in left:
        print(f'left running: {_describe(process)}', file=sys.stderr)
    _end(left)
    return code or 1


def _wait_for(wanted: int) -> int:
    """Return the exit code of a child; bury every other one that ends before it."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == wanted:
            return os.waitstatus_to_exitcode(status)


def _wait_for_orphans() -> list[psutil.Process]:
    deadline = time.monotonic() + _GRACE_S
    while True:
        _reap()
        left = psutil.Process().children(recursive=True)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _describe(process: psutil.Process) -> str:
    try:
        return f'{process.pid} {" ".join(process.cmdline())[:200]}'
    except psutil.Error:
        return str(process.pid)


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.Error:
            pass
    psutil.wait_procs(processes, timeout=2)


if __name__ == '__main__':
    sys.exit(main())
