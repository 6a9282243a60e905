"""`adapt bench`: tables of the dissertation and series of experiments."""

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapt_learning.cli.bench_quality import data_quality
from adapt_learning.cli.common import (
    JobsOption,
    JsonOption,
    WorkFailed,
    check_json,
    console,
    progress,
    verb,
    write_result,
)
from adapt_learning.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapt_learning.benchmarks.job import Job, Workplace

app = typer.Typer(no_args_is_help=True, help='Make the tables; an interrupted one continues.')
app.command('data-quality')(data_quality)

OutOption = Annotated[Path, typer.Option(
    '--out', help='Folder of results and tables; results are files per job.')]
CacheOption = Annotated[Path, typer.Option(
    '--cache', help='Folder of datasets and artifacts; may be removed when all is done.')]
_AGAIN_S = 30.0
_OUT, _CACHE = Path('benchmarks'), Path('runs/bench')


@app.command('table-3.3')
@verb
def table_3_3(
    preset: Annotated[str, typer.Option(help='cpu (minutes) or paper (as published).')] = 'cpu',
    expert: Annotated[str, typer.Option(help='Who demonstrates: smooth or staged.')] = 'smooth',
    seeds: Annotated[str, typer.Option(help='Seeds, trained together: 0,1,2.')] = '0,1,2',
    episodes: Annotated[int, typer.Option(min=1, help='Episodes per seed and level.')] = 100,
    jobs: JobsOption = None,
    out: OutOption = _OUT,
    cache: CacheOption = _CACHE,
    json: JsonOption = None,
) -> None:
    """
    Success in FetchPick at five noise levels: BC and DBC, our numbers beside the dissertation's.

    Collects, trains and evaluates what has no result yet; the table is made of all results.
    """
    check_json(json)
    _threads()
    from adapt_learning.benchmarks import table_3_3 as module
    _one_of('--preset', preset, module.PRESETS)
    _one_of('--expert', expert, module.EXPERTS)
    table = module.Table33(preset, expert, _seeds(seeds), episodes)
    place = _workplace(out / table.name, cache)
    _run(table.name, table.jobs(), place, jobs)
    _finish(module.write_table(table, place), json)


@app.command('experiments')
@verb
def experiments(
    file: Annotated[Path, typer.Argument(help='YAML list of trainings to compare.')],
    only: Annotated[str, typer.Option(
        help='Run only rows whose name has this in it; the table still shows all results.')] = '',
    jobs: JobsOption = None,
    out: OutOption = _OUT,
    cache: CacheOption = _CACHE,
    json: JsonOption = None,
) -> None:
    """Train and evaluate every row of a file of experiments; the table is made of all results."""
    check_json(json)
    _threads()
    from adapt_learning.benchmarks import experiments as module
    table = module.read_experiments(file)
    place = _workplace(out / file.stem, cache)
    chosen = table.jobs(only)
    if not chosen:
        raise SettingError(f"no row of {file} has '{only}' in its name; there are "
                           f'{", ".join(row.name for row in table.rows)}')
    _run(file.stem, chosen, place, jobs)
    _finish(module.write_experiments(table, place), json)


@app.command('dmdr-speed')
@verb
def dmdr_speed(
    out: OutOption = _OUT,
    cache: CacheOption = _CACHE,
    json: JsonOption = None,
) -> None:
    """Measure how long restoring 10k pairs takes, and how much walking back together gains."""
    check_json(json)
    _threads()
    from adapt_learning.benchmarks import dmdr_speed as module
    place = _workplace(out, cache)
    place.cache.mkdir(parents=True, exist_ok=True)
    place.results.mkdir(parents=True, exist_ok=True)
    _finish(module.write(module.measure(place), place.results), json)


def _run(title: str, jobs: 'Sequence[Job]', place: 'Workplace', processes: int | None) -> None:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    from adapt_learning.benchmarks.runner import run_jobs
    from adapt_learning.evaluation.workers import default_jobs
    from adapt_learning.trainers.train import TrainingInterrupted
    try:
        with progress(f'{title} [%]', 100) as show, _repeated(show) as say:
            run_jobs(jobs, place, processes or default_jobs(), lambda now: say(
                round(100 * now.share), f'{now.done} of {now.jobs} jobs; {now.note}'))
    except TrainingInterrupted:
        # From a training in this process (--jobs 1), which has written its checkpoint.
        raise KeyboardInterrupt from None
    except TerminatedWorkerError as error:
        raise WorkFailed('a worker process died; it was killed or memory ran out: the same command '
                         'goes on, perhaps with fewer --jobs') from error


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


def _finish(table: Path, json: str | None) -> None:
    from rich.markdown import Markdown

    from adapt_learning.data.files import read_json
    write_result(json, read_json(table.with_suffix('.json')))
    out = console(json)
    out.print(Markdown(table.read_text(encoding='utf-8')))
    out.print(f'written to {table} and {table.with_suffix(".json").name}')


def _workplace(results: Path, cache: Path) -> 'Workplace':
    from adapt_learning.benchmarks.job import Workplace
    return Workplace(results.absolute(), cache.absolute())


def _threads() -> None:
    # Before torch is imported, as in `adapt train`: threads that wait for work must sleep.
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingError(f'{option} is one of {", ".join(allowed)}; got {value}')


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(int(part) for part in text.split(','))
    except ValueError:
        raise SettingError(f"--seeds are whole numbers with commas, as in 0,1,2; got '{text}'"
                           ) from None
    if len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise SettingError(f'--seeds are different numbers from 0 up; got {text}')
    return seeds
