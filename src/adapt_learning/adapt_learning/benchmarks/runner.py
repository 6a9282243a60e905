"""Runs jobs over processes; what has a result file is not run again."""

import platform
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from adapt_learning import catalog
from adapt_learning.benchmarks.backends import Ended
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.machine import machine
from adapt_learning.data.files import own_folder
from adapt_learning.errors import SettingError
from adapt_learning.trainers.provenance import code_version

_MARK = '.jobs-are-running'
_SEEN_WITHIN_S = 5.0
"""A network file system may show a new file a little later."""


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


def run_jobs(targets: Sequence[Job], place: Workplace, processes: int | None = None,
             progress: Callable[[TableProgress], None] = lambda now: None,
             backend: str = 'loky') -> None:
    """
    Run the targets and whatever they need; afterwards every target has its result file.

    Each result is written as soon as it is there, so an interrupted run loses only what was under
    way (and trainings go on from their checkpoint). A job that raises ends the run; the results of
    the others stay. Jobs that depend on each other run in waves, longest first. `backend` is the
    name of who runs them, `processes` at a time; WorkerLost where workers die again and again.
    """
    everything = _with_needs(targets)

    def say(note: str) -> None:
        done = sum(job.stored(place) is not None for job in everything)
        progress(TableProgress(done, len(everything), 1 - left / began_with, note))

    runner = catalog.load('backend', backend)(processes, say)
    place.results.mkdir(parents=True, exist_ok=True)
    place.cache.mkdir(parents=True, exist_ok=True)
    began_with = sum(job.cost for job in everything if job.stored(place) is None) or 1.0
    left = began_with
    version = code_version()  # now: what is on disk may change while this code is running
    # One process per cache: two trainings in one folder would spoil each other.
    with own_folder(place.cache), _marked(place) as token, runner:
        work = partial(_run_one, place, version, token)
        while wave := sorted(_due(targets, place), key=lambda job: -job.cost):
            say(f'running {", ".join(job.label for job in wave[:runner.width])}')
            for job, result, provenance in runner.run(wave, work):
                if job.stored(place) is None:
                    job.store(place, result, provenance)
                    left -= job.cost
                say(f'{job.kind} {job.label} took {provenance["seconds"]:.0f} s')


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


@contextmanager
def _marked(place: Workplace) -> Iterator[str]:
    """Put a file into both folders while jobs run, by which workers elsewhere know them."""
    # A name of its own: several runs, each with its cache, may share a folder of results.
    token = secrets.token_hex(8)
    marks = [folder / f'{_MARK}-{token}' for folder in (place.results, place.cache)]
    try:
        for mark in marks:
            mark.touch()
        yield token
    finally:
        for mark in marks:
            mark.unlink(missing_ok=True)


def _check_seen(place: Workplace, token: str) -> None:
    """Raise SettingError where this process does not see the marked folders."""
    for folder in (place.results, place.cache):
        mark, until = folder / f'{_MARK}-{token}', time.monotonic() + _SEEN_WITHIN_S
        while not mark.is_file():
            if time.monotonic() > until:
                raise SettingError(
                    f'the worker on {platform.node()} does not see the folder {folder}: all '
                    'machines that run jobs share the folders of --out and --cache under the same '
                    'paths (a network file system)')
            time.sleep(0.2)


def _run_one(place: Workplace, version: str, token: str, job: Job) -> Ended:
    _check_seen(place, token)
    begin = time.perf_counter()
    result = job.run(place)
    return Ended(job, result, {
        'seconds': round(time.perf_counter() - begin, 2), 'code_version': version,
        'ended': datetime.now(UTC).isoformat(timespec='seconds'), **machine()})
