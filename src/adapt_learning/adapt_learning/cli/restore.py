"""`adapt restore`: polluted demonstrations in, restored ones out (DMDR)."""

import json as json_module
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapt_learning.cli.common import (
    INTERRUPTED,
    JsonOption,
    WorkFailed,
    check_file,
    check_json,
    console,
    passive_threads,
    progress,
    say_error,
    verb,
    write_result,
)
from adapt_learning.errors import SettingError, UserError

if TYPE_CHECKING:
    from adapt_learning.restoration.run import Restoration
    from adapt_learning.restoration.stages import StageProgress

_SHOWS = ('auto', 'json')
_JSON_EVERY_S = 0.2


@verb
def restore(
    folder: Annotated[Path, typer.Argument(help='Folder of a dataset; it is never touched.')],
    out: Annotated[Path | None, typer.Option(help='Folder of the new dataset.')] = None,
    report: Annotated[Path | None, typer.Option(
        help='Write a page (.html) of what was judged and restored.')] = None,
    preset: Annotated[str, typer.Option(
        help="dmdr (the dissertation's) or trajectory (with neighbours in time).")] = 'dmdr',
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting, e.g. clean_share=auto; '
        'repeatable.', show_default=False)] = None,
    seed: Annotated[int, typer.Option(help='Same seed, same result.')] = 0,
    dry_run: Annotated[bool, typer.Option(
        '--dry-run', help='Only judge whether restoring is needed; writes no dataset.')] = False,
    show: Annotated[str, typer.Option(
        '--progress', help='auto (bar or lines) or json (a JSON line on standard error per step).'
    )] = 'auto',
    json: JsonOption = None,
) -> None:
    """
    Restore polluted demonstrations into a new dataset.

    Finished stages are kept in OUT.work until the dataset is there: after Ctrl-C or a crash the
    same command goes on.
    """
    check_json(json)
    _check(folder, out, report, dry_run, show)
    passive_threads()
    from adapt_learning.restoration.base import Cancelled
    from adapt_learning.restoration.config import resolve
    from adapt_learning.restoration.run import RestoreRequest, restore_folder
    from adapt_learning.stacked.interrupt import stop_switch
    from adapt_learning.stacked.loop import TrainingDiverged
    request = RestoreRequest(folder, out, resolve(preset, set_ or ()), seed, dry_run)
    try:
        with stop_switch() as should_stop, _shown(show) as tell:
            done = restore_folder(request, tell, should_stop)
    except Cancelled as error:
        say_error(f'{error}; the same command goes on from there')
        raise typer.Exit(INTERRUPTED) from None
    except TrainingDiverged as error:
        raise WorkFailed(str(error)) from None
    problem = '' if report is None else _write_page(done, report)
    result = {**done.as_dict(), 'report': None if report is None or problem else str(report)}
    write_result(json, result)
    _print(result, json)
    if problem:
        raise WorkFailed(problem)


def _check(folder: Path, out: Path | None, report: Path | None, dry_run: bool,
           show: str) -> None:
    if show not in _SHOWS:
        raise SettingError(f"--progress is one of {', '.join(_SHOWS)}; got '{show}'")
    if out is None and not dry_run:
        raise SettingError('--out is the folder of the new dataset; without it only --dry-run is '
                           'possible')
    if report is None:
        return
    from adapt_learning.data.outputs import check_outside
    if dry_run:
        raise SettingError('--report shows what was restored; --dry-run restores nothing: take '
                           '`adapt data report` for a page on the data as they are')
    check_file('--report', report, ('.html',))
    check_outside(report, folder, '--report')


def _write_page(done: 'Restoration', report: Path) -> str:
    """Write the page; return what to say where that fails: the dataset is there all the same."""
    from adapt_learning.reports import restoration_page
    try:
        restoration_page(done.input, done.result.dataset, report)
    except (OSError, UserError) as error:
        out, source = done.request.output, done.request.input
        reason = getattr(error, 'strerror', None) or error
        return (f'the dataset {out} is complete, only the page {report} is missing ({reason}). No '
                'command makes it later: repeat this one with another --out, or look at single '
                f'episodes with `adapt data view {out} --episode N --before {source}`')
    return ''


@contextmanager
def _shown(show: str) -> 'Iterator[Callable[[StageProgress], None]]':
    """Give what tells the progress: a bar, lines, or JSON for another program."""
    if show == 'json':
        yield _json_lines()
        return
    with progress('restore [%]', 100) as say:
        def tell(now: 'StageProgress') -> None:
            left = '' if now.remaining_s is None else f', about {now.remaining_s:.0f} s left'
            say(min(99, round(100 * now.share)),
                f'{now.number}/{now.stages} {now.stage}{left} {now.text}')
        yield tell


def _json_lines() -> 'Callable[[StageProgress], None]':
    said: list[Any] = [0.0, '']

    def tell(now: 'StageProgress') -> None:
        at_s = time.monotonic()
        if now.stage == said[1] and at_s - said[0] < _JSON_EVERY_S:
            return
        said[:] = at_s, now.stage
        typer.echo(json_module.dumps(vars(now)), err=True)

    return tell


def _print(result: dict[str, Any], json: str | None) -> None:
    say = console(json).print
    say(result['text'])
    for side, reason in result['estimates']['reasons'].items():
        say(f'{side}s: {reason}')
    if result['output']:
        say(f"written to {result['output']} (hash {result['hash']}) in {result['seconds']:.0f} s")
    if result['report']:
        say(f"report: {result['report']}")
    if result['note']:
        say(f"- {result['note']}")
