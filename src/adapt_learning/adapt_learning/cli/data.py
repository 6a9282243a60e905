"""`adapt data`: look at datasets."""

from pathlib import Path
from typing import Any

import typer

from adapt_learning.cli import corrupt, data_convert, judge
from adapt_learning.cli.common import JsonOption, check_json, console, verb, write_result
from adapt_learning.cli.judge import ContractOption, FolderArgument

app = typer.Typer(no_args_is_help=True, help='Look at datasets.')


@app.command('info')
@verb
def info(folder: FolderArgument, contract: ContractOption = None, json: JsonOption = None) -> None:
    """Print the facts of a dataset: size, columns, outcomes, origin."""
    from adapt_learning.data.quality import info as facts_of
    check_json(json)
    facts = facts_of(judge.load(folder, contract))
    write_result(json, facts)
    _print_info(facts, folder, json)


app.command('report')(judge.report)
app.command('view')(judge.view)
app.command('corrupt')(corrupt.corrupt)
app.command('import')(data_convert.import_)
app.command('export')(data_convert.export)


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
