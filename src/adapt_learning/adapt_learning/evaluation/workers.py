"""Many independent jobs over processes, with results in order and no process left behind."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from typing import Any, TypeVar

from adapt_learning.errors import SettingError

State = TypeVar('State')
Item = TypeVar('Item')
Result = TypeVar('Result')

_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')
# Jobs that wait per worker: enough to keep it busy, few enough that stopping early wastes little.
_AHEAD = 3

_state: dict[str, Any] = {}


class WorkerLost(RuntimeError):
    """A worker process died (killed, out of memory); what was done before is kept."""


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


@contextmanager
def run_in_order(jobs: int | None, setup: Callable[[], State],
                 work: Callable[[State, Item], Result],
                 items: Iterable[Item]) -> Iterator[Iterator[Result]]:
    """
    Give an iterator over work(state, item), in the order of the items.

    `setup` makes the state (a simulation, a policy) once per process. With jobs = 1 everything
    runs in this process; otherwise in `jobs` fresh ones, so `setup` and `work` have to be
    importable. `items` may be endless: it is taken from as results are. Leaving the context drops
    what is not done yet. Raises WorkerLost where a worker died.
    """
    jobs = default_jobs() if jobs is None else jobs
    if jobs < 1:
        raise SettingError(f'jobs is the number of processes, at least 1; got {jobs}')
    if jobs == 1:
        state = setup()
        yield (work(state, item) for item in items)
        return
    with _one_thread_each():
        # 'spawn': a forked copy of a process with GL contexts and threads may hang.
        pool = ProcessPoolExecutor(jobs, get_context('spawn'), _start_worker, (setup,))
        try:
            yield _ordered(pool, jobs * _AHEAD, work, iter(items))
        except BrokenProcessPool as error:
            raise WorkerLost('a worker process died; it was killed or memory ran out: try again, '
                             'or with fewer --jobs') from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _ordered(pool: ProcessPoolExecutor, ahead: int, work: Callable, items: Iterator) -> Iterator:
    waiting: deque = deque()
    while True:
        for item in items:
            waiting.append(pool.submit(_work_on, work, item))
            if len(waiting) >= ahead:
                break
        if not waiting:
            return
        yield waiting.popleft().result()


def _start_worker(setup: Callable[[], Any]) -> None:
    # Ctrl-C goes to the whole group of processes; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _state['setup'] = setup


def _end_with_parent() -> None:
    """End this process when the parent is gone, even if it was killed with -9."""
    connection.wait([parent_process().sentinel])
    os._exit(1)


def _work_on(work: Callable[[Any, Any], Any], item: Any) -> Any:
    if 'state' not in _state:  # here and not at the start, so that its error reaches the user
        _state['state'] = _state['setup']()
    return work(_state['state'], item)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let the children start with one thread per library: as many processes as cores run."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, '1'))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
