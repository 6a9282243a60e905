"""`adapt data report` and `adapt data view`: judge a dataset, look at one episode."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_file,
    check_json,
    console,
    verb,
    write_result,
)

if TYPE_CHECKING:
    from adapt_learning.data import Dataset
    from adapt_learning.data.quality import Report

FolderArgument = Annotated[Path, typer.Argument(metavar='DIR', help='Folder of a dataset.')]
ContractOption = Annotated[str | None, typer.Option(
    help='Contract (name or file) of a dataset that another program wrote.')]


@verb
def report(folder: FolderArgument, contract: ContractOption = None, every: Annotated[
        bool, typer.Option('--all', help='List the good episodes, too.')] = False,
        html: Annotated[Path | None, typer.Option(
            '--html', metavar='FILE', help='Write a page with pictures.')] = None,
        json: JsonOption = None) -> None:
    """
    Check every episode and the whole; the verdict is ok, look (a person should) or bad.

    It says what was seen, in which rows, and what to do next.
    """
    from adapt_learning.data.quality import Norms, QualityConfig
    from adapt_learning.data.quality import report as report_on
    check_json(json)
    check_file('--html', html)
    dataset = load(folder, contract)
    norms = Norms.of(dataset, QualityConfig())
    result = report_on(dataset, norms=norms)
    write_result(json, {'folder': str(folder), 'hash': dataset.hash} | result.as_dict())
    if html is not None:
        from adapt_learning.reports.quality import quality_page
        quality_page(html, dataset, result, norms, str(folder))
    _print_report(result, folder, every, json)


@verb
def view(folder: FolderArgument, episode: Annotated[
        int, typer.Option(help='Number of the episode, from 0.')],
        before: Annotated[Path | None, typer.Option(
            metavar='DIR', help='Folder of the dataset that DIR was restored from.')] = None,
        out: Annotated[Path | None, typer.Option(
            metavar='FILE', help='Picture (.png) or page (.html) to write.')] = None,
        contract: ContractOption = None, json: JsonOption = None) -> None:
    """
    Show one episode; of a restored dataset, what was changed, before and after.

    Without --out a table of the rows that are suspected or were edited.
    """
    from adapt_learning.reports.compare import episode_view
    check_json(json)
    check_file('--out', out, ('.png', '.html'))
    dataset = load(folder, contract)
    seen = episode_view(dataset, episode, None if before is None else load(before, contract))
    if out is not None and out.suffix == '.html':
        from adapt_learning.reports.view import view_page
        view_page(out, seen, str(folder))
    elif out is not None:
        from adapt_learning.reports.view_picture import view_picture
        view_picture(out, seen, str(folder))
    write_result(json, {'folder': str(folder), 'hash': dataset.hash} | seen.as_dict())
    from rich.table import Table
    heads, rows = seen.table()
    table = Table(title=f'{folder}: {seen.title}')
    for name in heads:
        table.add_column(name, justify='right' if name in ('row', 'time [s]') else 'left')
    for row in rows:
        table.add_row(*row)
    target = console(json)
    if table.row_count:
        target.print(table)
    target.print(seen.sentence)


def load(folder: Path, contract: str | None) -> 'Dataset':
    """Load a dataset to look at: what is not finite is let in."""
    from adapt_learning.data import load_dataset
    from adapt_learning.frames import load_contract
    return load_dataset(folder, contract=load_contract(contract) if contract else None,
                        allow_not_finite=True)


def _print_report(result: 'Report', folder: Path, every: bool, json: str | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from adapt_learning.data.quality import BAD, LOOK, OK
    colours = {OK: 'green', LOOK: 'yellow', BAD: 'red'}

    def coloured(verdict: str) -> Text:
        return Text(verdict, style=colours[verdict])

    table = Table(title=f'{folder}: {len(result.episodes)} episodes')
    for name in ('episode', 'steps', 'verdict', 'why'):
        table.add_column(name, justify='right' if name in ('episode', 'steps') else 'left')
    for episode in result.episodes:
        if every or episode.verdict != OK:
            table.add_row(str(episode.episode), str(episode.steps), coloured(episode.verdict),
                          '; '.join(episode.reasons))
    out = console(json)
    if table.row_count:
        out.print(table)
    out.print(Text.assemble(coloured(result.verdict), f': {result.summary}'))
    for line in result.advice:
        out.print(f'- {line}')
    out.print(f'{result.count(OK)} ok, {result.count(LOOK)} to look at, {result.count(BAD)} bad '
              f'of {len(result.episodes)} episodes')
