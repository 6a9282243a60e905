"""Linux's means against processes left behind: death signals, adoption of orphans, a sweep."""

import ctypes
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path

IS_LINUX = sys.platform.startswith('linux')
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
# Loaded beforehand: between fork and exec nothing should be imported or looked up.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if IS_LINUX else None


def die_with(parent: int, signal_number: int) -> None:
    """Make the kernel send this process a signal when its parent is gone."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:  # it was gone before we asked
            os.kill(os.getpid(), signal_number)


def adopt_orphans() -> None:
    """Become the parent of all descendants that lose theirs, so that none can get away."""
    if _prctl is not None:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> set[int]:
    """Return the process ids of all living descendants of this process."""
    children = defaultdict(list)
    for entry in filter(str.isdigit, os.listdir('/proc')):
        try:
            state, parent = Path('/proc', entry, 'stat').read_text().rpartition(')')[2].split()[:2]
        except (OSError, ValueError):
            continue  # it ended while we looked
        if state != 'Z':
            children[int(parent)].append(int(entry))
    found, to_do = set(), [os.getpid()]
    while to_do:
        new = children[to_do.pop()]
        found.update(new)
        to_do.extend(new)
    return found


def end_descendants(grace: float) -> None:
    """End what is left below this process: SIGTERM, and after the grace time SIGKILL."""
    deadline, asked = time.monotonic() + grace, set()
    while IS_LINUX and (left := descendants()):
        late = time.monotonic() > deadline
        for pid in left if late else left - asked:
            try:
                os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
            except ProcessLookupError:
                pass
        asked |= left
        _reap()
        time.sleep(0.01)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
