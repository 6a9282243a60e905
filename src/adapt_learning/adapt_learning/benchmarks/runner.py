"""Runs jobs over processes; what has a result file is not run again."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import joblib

from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.machine import machine
from adapt_learning.data.files import own_folder
from adapt_learning.trainers.provenance import code_version

_watching = False


@dataclass(frozen=True)
class TableProgress:
    """Where a table stands."""

    done: int
    """Jobs with a result, those of earlier runs included."""
    jobs: int
    share: float
    """0..1 of the estimated work of this run."""
    note: str
    """What ended or begins now."""


def run_jobs(targets: Sequence[Job], place: Workplace, processes: int,
             progress: Callable[[TableProgress], None] = lambda now: None) -> None:
    """
    Run the targets and whatever they need; afterwards every target has its result file.

    Each result is written as soon as it is there, so an interrupted run loses only what was under
    way (and trainings go on from their checkpoint). A job that raises ends the run; the results of
    the others stay. Jobs that depend on each other run in waves, longest first.
    """
    everything = _with_needs(targets)
    place.results.mkdir(parents=True, exist_ok=True)
    place.cache.mkdir(parents=True, exist_ok=True)
    began_with = sum(job.cost for job in everything if job.stored(place) is None) or 1.0
    left = began_with
    version = code_version()  # now: what is on disk may change while this code is running
    # One process per cache: two trainings in one folder would spoil each other.
    with own_folder(place.cache):
        while wave := sorted(_due(targets, place), key=lambda job: -job.cost):
            done = sum(job.stored(place) is not None for job in everything)
            progress(TableProgress(done, len(everything), 1 - left / began_with,
                                   f'running {", ".join(job.label for job in wave[:processes])}'))
            for job, result, provenance in _run_wave(wave, place, processes, version):
                if job.stored(place) is None:
                    job.store(place, result, provenance)
                    left -= job.cost
                done = sum(other.stored(place) is not None for other in everything)
                progress(TableProgress(done, len(everything), 1 - left / began_with,
                                       f'{job.kind} {job.label} took {provenance["seconds"]:.0f} s'
                                       ))


def _with_needs(targets: Sequence[Job]) -> list[Job]:
    """Return the targets and everything that they need, each once."""
    found: dict[Job, None] = {}
    for job in targets:
        for need in _with_needs(job.needs):
            found[need] = None
        found[job] = None
    return list(found)


def _due(targets: Sequence[Job], place: Workplace) -> list[Job]:
    """Return the jobs that can and must run now."""
    due: dict[Job, None] = {}

    def visit(job: Job, product: bool) -> None:
        known = job.result_file(place) is not None
        if known and job.stored(place) is not None and (job.has_product(place) or not product):
            return
        if not known:  # a hash is missing; what was made of the data may still be there
            for need in job.needs:
                visit(need, False)
            return
        missing = [need for need in job.needs if not need.has_product(place)]
        for need in missing:
            visit(need, True)
        if not missing:
            due[job] = None

    for target in targets:
        visit(target, False)
    return list(due)


def _run_wave(wave: Sequence[Job], place: Workplace, processes: int, version: str):
    """Give (job, result, provenance) as they end; leaving early ends the processes."""
    # A single process may use all cores in its matmuls; several share them.
    threads = {} if processes == 1 else {'inner_max_num_threads': 1}
    with joblib.parallel_config('loky', n_jobs=min(processes, len(wave)), **threads):
        ended = joblib.Parallel(return_as='generator_unordered')(
            joblib.delayed(_run_one)(job, place, os.getpid(), version) for job in wave)
        try:
            yield from ended
        finally:
            ended.close()


def _run_one(job: Job, place: Workplace, parent: int,
             version: str) -> tuple[Job, dict[str, Any], dict]:
    if os.getpid() != parent:
        _end_with(parent)
    begin = time.perf_counter()
    result = job.run(place)
    return job, result, {
        'seconds': round(time.perf_counter() - begin, 2), 'code_version': version,
        'ended': datetime.now(UTC).isoformat(timespec='seconds'), **machine()}


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
