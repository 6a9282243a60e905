"""Two processes guard each other, so that whichever of them is killed, nothing is left behind.

The one in front is what the user or a script sees; it only passes signals on and waits. Behind it
the worker launches. Each adopts the orphans below it. If the front one dies, the kernel tells the
worker, which ends everything in order; if the worker dies, the kernel kills its children and the
front one ends what was below them.
"""

import os
import signal
import sys
import traceback
from typing import Callable

from launch._linux import IS_LINUX, adopt_orphans, descendants, die_with, end_descendants
from launch._service import INTERRUPT_ALL

_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD}
# How long what is left at the end may take for its own end after SIGTERM.
GRACE = 0.5


def supervised(work: Callable[[], int]) -> int:
    """Do the work in a guarded process of its own; return its exit code."""
    if not IS_LINUX:
        return work()
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    adopt_orphans()
    front = os.getpid()
    worker = os.fork()
    if worker == 0:
        code = 1
        try:
            die_with(front, signal.SIGTERM)
            adopt_orphans()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            code = work()
        except KeyboardInterrupt:
            code = int(signal.SIGINT)  # Ctrl-C before the launch has begun
        except BaseException:
            traceback.print_exc()
        finally:
            end_descendants(GRACE)
            sys.stdout.flush()
            os._exit(code)  # the code behind `supervised` belongs to the front process alone
    status = _wait_for(worker)
    if descendants():
        end_descendants(GRACE)
    code = os.waitstatus_to_exitcode(status)
    if code - 128 in (signal.SIGTERM, signal.SIGHUP):
        # Whoever sent it (systemd, a script) shall see that it worked, as with real launch.
        signal.signal(code - 128, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.kill(front, code - 128)
    return code if code >= 0 else 128 - code


def _wait_for(worker: int) -> int:
    while True:
        caught = signal.sigwaitinfo(_SIGNALS)
        if caught.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(worker, os.WNOHANG)
            if ended:
                return status
        elif caught.si_signo != signal.SIGINT:
            os.kill(worker, caught.si_signo)
        elif caught.si_code <= 0:
            # Sent by a process, to us alone. One from the terminal (a positive code) has already
            # reached the worker and all below it.
            os.kill(worker, INTERRUPT_ALL)
