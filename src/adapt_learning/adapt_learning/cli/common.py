"""What all verbs share: errors, exit codes, tables, progress, JSON for machines."""

import errno
import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapt_learning.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS,
                      errno.EMFILE, errno.ENAMETOOLONG, errno.EFBIG, errno.EIO, errno.ENOTDIR,
                      errno.EEXIST, errno.EISDIR, errno.ENOTEMPTY, errno.ELOOP})
"""Full disk, no permission, a file in the way, ...: nothing in this program is wrong."""

_SAY_AGAIN_S = 10.0
"""Where there is no terminal, progress is a line in a log, this often."""

JsonOption = Annotated[str | None, typer.Option(
    '--json', metavar='FILE', help='Write the result as JSON; - is standard output.')]
JobsOption = Annotated[int | None, typer.Option(
    '--jobs', min=1, help='Processes; default: as many as there are cores.', show_default=False)]


class WorkFailed(Exception):
    """The work was understood but did not succeed; the message says why (exit code 1)."""


def verb(function: Callable) -> Callable:
    """Decorate a command: errors become one sentence and an exit code, never a traceback."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except UserError as error:
            say_error(str(error))
            raise typer.Exit(BAD_INPUT) from error
        except WorkFailed as error:
            say_error(str(error))
            raise typer.Exit(FAILED) from error
        except BrokenPipeError:
            # Who read the pipe has gone (`adapt ... | head`); the interpreter shall not complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None
        except OSError as error:
            if error.errno not in _MACHINE:
                raise
            where = f'{error.filename}: ' if error.filename else ''
            mend = ': make room, then run the same command again' * (
                error.errno in (errno.ENOSPC, errno.EDQUOT))
            say_error(f'{where}{os.strerror(error.errno)}{mend}')
            raise typer.Exit(FAILED) from error
        except KeyboardInterrupt:
            say_error('interrupted')
            raise typer.Exit(INTERRUPTED) from None

    return guarded


def say_error(text: str) -> None:
    """Print an error to standard error."""
    typer.secho(f'adapt: {text}', fg='red', err=True)


def console(json_target: str | None = None) -> 'Console':
    """
    Return where tables go: standard output, unless that is kept for JSON.

    Texts are printed as they are: names of files and tasks may hold [brackets] and :colons:, which
    rich would take for styles. What has a colour is a rich `Text`.
    """
    from rich.console import Console
    return Console(stderr=json_target == '-', soft_wrap=not sys.stdout.isatty(), markup=False,
                   emoji=False)


def check_json(target: str | None) -> None:
    """Raise before the work begins where the JSON could not be written after it."""
    if target not in (None, '-'):
        check_file('--json', Path(target))


def check_file(option: str, path: Path | None, suffixes: tuple[str, ...] = ()) -> None:
    """Raise before the work begins where a file could not be written after it."""
    if path is None:
        return
    folder = path.absolute().parent
    if path.is_dir():
        raise UserError(f'{option} needs a file; {path} is a folder')
    if not folder.is_dir():
        raise UserError(f'{option} {path}: the folder {folder} does not exist')
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f'{option} {path}: you may not write to the folder {folder}')
    if suffixes and path.suffix not in suffixes:
        raise UserError(f'{option} writes {" or ".join(suffixes)}; got {path.name}')


def write_result(target: str | None, result: dict[str, Any]) -> None:
    """Write the result for machines: to a file, whole or not at all, or to standard output."""
    if target == '-':
        sys.stdout.write(json.dumps(result, indent=2, allow_nan=False) + '\n')
        sys.stdout.flush()
    elif target is not None:
        from adapt_learning.data.files import write_json
        write_json(Path(target).absolute(), result)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """Give a function (done, note) that shows a bar with ETA, or lines in a log, on stderr."""
    if sys.stderr.isatty():
        yield from _bar(title, total)
    else:
        yield from _lines(title, total)


def _bar(title: str, total: int) -> Iterator[Callable[[int, str], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    columns = (TextColumn('{task.description}', markup=False), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn(), TextColumn('left'), TimeRemainingColumn(),
               TextColumn('{task.fields[note]}', markup=False))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, note='')
        yield lambda done, note='': bar.update(task, completed=done, note=note)


def _lines(title: str, total: int) -> Iterator[Callable[[int, str], None]]:
    begin = said = time.monotonic()
    before = None  # what an earlier run had done tells nothing about the speed of this one

    def say(done: int, note: str = '') -> None:
        nonlocal said, before
        now = time.monotonic()
        before = done - 1 if before is None else before
        if done < total and now - said < _SAY_AGAIN_S:
            return
        said = now
        left = (now - begin) / max(done - before, 1) * (total - done)
        typer.echo(f'{title}: {done} of {total}, {now - begin:.0f} s, {left:.0f} s left {note}'
                   .rstrip(), err=True)

    yield say


def passive_threads() -> None:
    """
    Let threads that wait for work sleep; to be called before torch is imported.

    Spinning, as is the default, makes small matmuls ten times slower as soon as another program
    wants the cores.
    """
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')


@contextmanager
def training_ends() -> Iterator[None]:
    """Make exit codes of a training that was interrupted (130) or whose loss diverged (1)."""
    from adapt_learning.stacked.loop import TrainingDiverged, TrainingInterrupted
    try:
        yield
    except TrainingInterrupted as error:
        say_error(str(error))
        raise typer.Exit(INTERRUPTED) from None
    except TrainingDiverged as error:
        raise WorkFailed(str(error)) from None
