"""Where the jobs of a table run: processes of this machine here, a Ray cluster in ray_backend."""

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from adapt_learning.benchmarks.job import Job
from adapt_learning.evaluation.workers import WorkerLost, default_jobs

REPEATS = 3
"""So often a job is begun again after the process that ran it died; then the table is given up."""


class Ended(NamedTuple):
    """What a job that ended gives back."""

    job: Job
    result: dict[str, Any]
    provenance: dict[str, Any]


Work = Callable[[Job], Ended]
"""Runs one job; it can be sent to another process."""

_watching = False


class Backend(ABC):
    """Runs jobs that do not need each other; a context manager that leaves no process behind."""

    def __init__(self, processes: int | None = None,
                 lost: Callable[[str], None] = lambda note: None):
        """
        Take the number of jobs at a time (None: as many as there are cores) and whom to tell.

        `lost` is told in one sentence that a worker died and what is begun again.
        """
        self.processes = processes
        self.lost = lost

    def __enter__(self) -> 'Backend':
        """Start what is needed; SettingError where the user has to mend something."""
        return self

    def __exit__(self, *error: Any) -> None:  # noqa: B027 - some start nothing
        """End what was started."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Return how many jobs run at a time."""

    @abstractmethod
    def run(self, wave: Sequence[Job], work: Work) -> Iterator[Ended]:
        """
        Give the jobs as they end; leaving early ends the others.

        What a job raises comes out as it is. A job whose process died (killed, out of memory) is
        begun again REPEATS times; then comes WorkerLost.
        """


class LokyBackend(Backend):
    """Processes of this machine; one alone is this process itself."""

    @property
    def width(self) -> int:
        """Return the number of processes."""
        return self.processes or default_jobs()

    def run(self, wave: Sequence[Job], work: Work) -> Iterator[Ended]:
        """Give the jobs as they end; a process that dies takes all that are under way with it."""
        left, deaths = list(wave), 0
        while left:
            try:
                for ended in self._all(left, work):
                    left.remove(ended.job)
                    yield ended
            except TerminatedWorkerError as error:
                deaths += 1
                if deaths > REPEATS:
                    raise WorkerLost('worker processes died again and again; they were killed or '
                                     'memory ran out: the same command goes on, perhaps with '
                                     'fewer --jobs') from error
                self.lost('a worker process died, what was under way is begun again')

    def _all(self, wave: Sequence[Job], work: Work) -> Iterator[Ended]:
        # A single process may use all cores in its matmuls; several share them.
        threads = {} if self.width == 1 else {'inner_max_num_threads': 1}
        # Not fewer than two: joblib runs one in this process, which must not die with a job.
        processes = 1 if self.width == 1 else max(2, min(self.width, len(wave)))
        with joblib.parallel_config('loky', n_jobs=processes, **threads):
            ended = joblib.Parallel(return_as='generator_unordered')(
                joblib.delayed(_run_in_child)(work, job, os.getpid()) for job in wave)
            try:
                yield from ended
            finally:
                ended.close()


def _run_in_child(work: Work, job: Job, parent: int) -> Ended:
    if os.getpid() != parent:
        _end_with(parent)
    return work(job)


def _end_with(parent: int) -> None:
    """End this process when its parent is gone, even if that was killed with -9."""
    global _watching
    if _watching:
        return
    _watching = True

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
