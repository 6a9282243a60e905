"""`adapt data`: look at datasets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapt_learning.cli.common import JsonOption, check_json, console, verb, write_result

if TYPE_CHECKING:
    from adapt_learning.data import Dataset

app = typer.Typer(no_args_is_help=True, help='Look at datasets.')

FolderArgument = Annotated[Path, typer.Argument(metavar='DIR', help='Folder of a dataset.')]
ContractOption = Annotated[str | None, typer.Option(
    help='Contract (name or file) of a dataset that another program wrote.')]


@app.command('info')
@verb
def info(folder: FolderArgument, contract: ContractOption = None, json: JsonOption = None) -> None:
    """Print the facts of a dataset: size, columns, outcomes, origin."""
    from adapt_learning.data.quality import info as facts_of
    check_json(json)
    facts = facts_of(_load(folder, contract))
    write_result(json, facts)
    _print_info(facts, folder, json)


@app.command('report')
@verb
def report(folder: FolderArgument, contract: ContractOption = None, every: Annotated[
        bool, typer.Option('--all', help='List the good episodes, too.')] = False,
        json: JsonOption = None) -> None:
    """Check every episode; the verdict is ok, look (a person should) or bad (do not train)."""
    from adapt_learning.data.quality import BAD, LOOK, OK
    from adapt_learning.data.quality import report as report_on
    check_json(json)
    dataset = _load(folder, contract)
    result = report_on(dataset)
    write_result(json, {'folder': str(folder), 'hash': dataset.hash} | result.as_dict())
    from rich.table import Table
    table = Table(title=f'{folder}: {len(dataset)} episodes')
    for name in ('episode', 'steps', 'verdict', 'why'):
        table.add_column(name, justify='right' if name in ('episode', 'steps') else 'left')
    colours = {OK: 'green', LOOK: 'yellow', BAD: 'red'}
    listed = [episode for episode in result.episodes if every or episode.verdict != OK]
    for episode in listed:
        colour = colours[episode.verdict]
        table.add_row(str(episode.episode), str(episode.steps),
                      f'[{colour}]{episode.verdict}[/{colour}]', '; '.join(episode.reasons))
    out = console(json)
    if listed:
        out.print(table)
    out.print(f'{result.count(OK)} ok, {result.count(LOOK)} to look at, {result.count(BAD)} bad '
              f'of {len(dataset)} episodes')


def _load(folder: Path, contract: str | None) -> 'Dataset':
    from adapt_learning.data import load_dataset
    from adapt_learning.frames import load_contract
    return load_dataset(folder, contract=load_contract(contract) if contract else None,
                        allow_not_finite=True)


def _print_info(facts: dict[str, Any], folder: Path, json: str | None) -> None:
    from rich.table import Table
    table = Table(title=str(folder), show_header=False)
    rows = {
        'contract': f'{facts["contract"]} ({facts["contract_hash"]})',
        'hash': facts['hash'],
        'episodes': f'{facts["episodes"]} ({facts["succeeded"]} succeeded, {facts["failed"]} '
                    f'failed, {facts["outcome_unknown"]} unknown)',
        'pairs': f'{facts["steps"]} at {facts["rate_hz"]:g} Hz, {facts["duration_s"]:.1f} s',
        'steps': f'{facts["steps_min"]} / {facts["steps_median"]:g} / {facts["steps_max"]} '
                 '(min / median / max)',
        'task': '; '.join(facts['tasks']),
        'noise levels': ', '.join(f'{level:g}' for level in facts['noise_levels']) or '-',
        'extra columns': ', '.join(facts['extra_columns']) or '-',
        'NaN or infinity': '; '.join(facts['not_finite'][:5]) or 'none',
        'origin': ', '.join(f'{key}: {value}' for key, value in facts['lineage'].items()) or '-',
    }
    for name, value in rows.items():
        table.add_row(name, value)
    columns = Table(title='columns')
    for name in ('name', 'min', 'mean', 'max', 'std'):
        columns.add_column(name, justify='left' if name == 'name' else 'right')
    for column in (*facts['observation'], *facts['action']):
        columns.add_row(column['name'], *(
            '-' if column[key] is None else f'{column[key]:.4g}'
            for key in ('min', 'mean', 'max', 'std')))
    console(json).print(table, columns)
