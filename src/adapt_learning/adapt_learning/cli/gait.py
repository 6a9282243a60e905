"""`adapt gait`: search a gait for a task whose demonstrator varies one."""

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
def gait(
    task: Annotated[str, typer.Argument(help='Name of the task: hand_rotate.')],
    out: Annotated[Path, typer.Option(help='JSON file of the gait.')],
    minutes: Annotated[float, typer.Option(help='Wall time of this search.')] = 10.0,
    seed: Annotated[int, typer.Option(min=0, help='Seed of gaits and starts.')] = 0,
    samples: Annotated[int, typer.Option(help='Gaits per iteration.')] = 40,
    best: Annotated[int, typer.Option(help='How many of them count.')] = 8,
    starts: Annotated[int, typer.Option(help='Starts from which each is tried.')] = 4,
    json: JsonOption = None,
) -> None:
    """
    Search a gait by the cross-entropy method: joints that swing in one rhythm.

    The state is in OUT.search.json: the same command goes on, for as many minutes more.
    """
    from adapt_learning.trainers.gait_search import GaitSearchConfig, search_gait
    check_json(json)
    config = GaitSearchConfig(samples, best, starts)
    with progress(f'gait of {task}', max(1, round(60 * minutes))) as show:
        found = search_gait(task, out, minutes, config, seed, lambda now: show(
            round(now.seconds), f'iteration {now.iteration}, score {now.score:.2f}'))
    write_result(json, {'file': str(out), **found.facts})
    console(json).print(f'{found.facts["iterations"]} iterations, in {out}', markup=False)
