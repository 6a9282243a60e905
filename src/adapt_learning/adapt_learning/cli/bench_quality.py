"""`adapt bench data-quality`: how honest the data report is."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_json,
    console,
    progress,
    verb,
    write_result,
)


@verb
def data_quality(
    task: Annotated[str, typer.Option(help='Name of the task, e.g. fetch_pick.')] = 'fetch_pick',
    episodes: Annotated[int, typer.Option(min=10, help='Demonstrations to judge.')] = 303,
    seed: Annotated[int, typer.Option(
        min=0, help='Of the demonstrations and of the pollution.')] = 0,
    out: Annotated[Path, typer.Option(
        '--out', help='Folder of results and tables.')] = Path('benchmarks'),
    cache: Annotated[Path, typer.Option(
        '--cache', help='Folder of datasets; may be removed when all is done.')] = Path(
            'runs/bench'),
    json: JsonOption = None,
) -> None:
    """
    Judge clean demonstrations and the same with each kind of pollution; compare with the truth.

    Writes data-quality-TASK-SEED.json and .md.
    """
    check_json(json)
    from adapt_learning.benchmarks.data_quality import measure, table
    from adapt_learning.benchmarks.machine import machine
    from adapt_learning.benchmarks.page import store_page
    from adapt_learning.data.pollution import KINDS
    with progress('data-quality', len(KINDS)) as bar:
        result = measure(task, episodes, seed, cache, bar) | {'machine': machine()}
    command = f'adapt bench data-quality --task {task} --episodes {episodes} --seed {seed}'
    text = (f'# What the data report finds\n\n`{command}`, {result["pairs"]} pairs of '
            f'`{result["command"]}`, each side polluted with p {result["p"]}, sigma '
            f'{result["sigma"]}, seed {result["seed"]}. AUC: area under the ROC curve of the '
            'score of single rows; found and false: share of the polluted and of the clean rows '
            'that are suspected.\n\n' + table(result) + '\n')
    store_page(out.absolute(), f'data-quality-{task}-{seed}', {'made_by': command} | result, text)
    write_result(json, result)
    console(json).print(table(result))
