"""What the verbs of `adapt bench` share."""

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapt_learning.cli.common import WorkFailed, console, progress, write_result
from adapt_learning.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapt_learning.benchmarks.job import Job, Workplace

OutOption = Annotated[Path, typer.Option(
    '--out', help='Folder of results and tables; results are files per job.')]
CacheOption = Annotated[Path, typer.Option(
    '--cache', help='Folder of datasets and artifacts; may be removed when all is done.')]
BackendOption = Annotated[str, typer.Option(
    '--backend', help='Who runs the jobs: loky (processes here) or ray (a cluster).')]
PresetOption = Annotated[str, typer.Option(
    '--preset', help='Of the trainings: cpu (minutes) or paper (as published).')]
PipelineOption = Annotated[Path | None, typer.Option(
    '--pipeline', help='Folder of the pretrained pipeline; default: small_diffusion, which ships.')]
StackOption = Annotated[str, typer.Option(
    '--seeds', help='Seeds, trained together: 0,1,2.')]
OUT, CACHE = Path('benchmarks'), Path('runs/bench')
_AGAIN_S = 30.0


def run_table(title: str, jobs: 'Sequence[Job]', place: 'Workplace', processes: int | None,
              backend: str = 'loky') -> None:
    """Run the jobs of a table with progress; WorkFailed where it cannot be completed."""
    from adapt_learning.benchmarks.runner import run_jobs
    from adapt_learning.evaluation.workers import WorkerLost
    from adapt_learning.trainers.train import TrainingDiverged, TrainingInterrupted
    try:
        with progress(f'{title} [%]', 100) as show, _repeated(show) as say:
            run_jobs(jobs, place, processes, lambda now: say(
                round(100 * now.share), f'{now.done} of {now.jobs} jobs; {now.note}'), backend)
    except TrainingInterrupted:
        # From a training in this process (--jobs 1), which has written its checkpoint.
        raise KeyboardInterrupt from None
    except (WorkerLost, TrainingDiverged) as error:
        raise WorkFailed(str(error)) from error


@contextmanager
def _repeated(show: 'Callable[[int, str], None]') -> 'Iterator[Callable[[int, str], None]]':
    """Give a function that shows the same and goes on showing it: a job may take long."""
    latest: list[tuple[int, str]] = []
    lock, over = threading.Lock(), threading.Event()

    def say(done: int, note: str) -> None:
        with lock:
            latest[:] = [(done, note)]
            show(done, note)

    def repeat() -> None:
        while not over.wait(_AGAIN_S):
            with lock:
                for now in latest:
                    show(*now)

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield say
    finally:
        over.set()
        thread.join()


def finish(table: Path, json: str | None) -> None:
    """Print a finished table and write its JSON."""
    from rich.markdown import Markdown

    from adapt_learning.data.files import read_json
    write_result(json, read_json(table.with_suffix('.json')))
    out = console(json)
    out.print(Markdown(table.read_text(encoding='utf-8')))
    out.print(f'written to {table} and {table.with_suffix(".json").name}')


def workplace(results: Path, cache: Path) -> 'Workplace':
    """Return where the jobs of a table put things."""
    from adapt_learning.benchmarks.job import Workplace
    return Workplace(results.absolute(), cache.absolute())


def ready(out: Path, cache: Path) -> 'Workplace':
    """Return a workplace whose folders are there, for what is measured without jobs."""
    place = workplace(out, cache)
    place.cache.mkdir(parents=True, exist_ok=True)
    place.results.mkdir(parents=True, exist_ok=True)
    return place


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise SettingError for a value that is not allowed."""
    if value not in allowed:
        raise SettingError(f'{option} is one of {", ".join(allowed)}; got {value}')


def seeds_of(text: str, option: str = '--seeds') -> tuple[int, ...]:
    """Return the different whole numbers of an option like 0,1,2."""
    try:
        seeds = tuple(int(part) for part in text.split(','))
    except ValueError:
        raise SettingError(f"{option} are whole numbers with commas, as in 0,1,2; got '{text}'"
                           ) from None
    if len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise SettingError(f'{option} are different numbers from 0 up; got {text}')
    return seeds
