"""`adapt expert`: search a demonstrator for a task that has a reward and no scripted one."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JobsOption,
    JsonOption,
    check_json,
    console,
    progress,
    verb,
    write_result,
)


@verb
def expert(
    task: Annotated[str, typer.Argument(help='Name of the task: cheetah or walker.')],
    out: Annotated[Path, typer.Option(help='JSON file of the linear policy.')],
    minutes: Annotated[float, typer.Option(help='Wall time of this search.')] = 30.0,
    seed: Annotated[int, typer.Option(min=0, help='Seed of directions and starts.')] = 0,
    directions: Annotated[int, typer.Option(help='Random directions per iteration.')] = 32,
    best: Annotated[int, typer.Option(help='How many of them count.')] = 8,
    step_size: Annotated[float, typer.Option(help='Step along the directions.')] = 0.02,
    noise: Annotated[float, typer.Option(help='Length of a direction, per weight.')] = 0.03,
    jobs: JobsOption = None,
    json: JsonOption = None,
) -> None:
    """
    Search a linear demonstrator by augmented random search.

    The state is in OUT.search.json: the same command goes on, for as many minutes more.
    """
    from adapt_learning.trainers.random_search import RandomSearchConfig, search
    check_json(json)
    config = RandomSearchConfig(directions, best, step_size, noise)
    with progress(f'expert of {task}', max(1, round(60 * minutes))) as show:
        found = search(task, out, minutes, config, seed, jobs, lambda now: show(
            round(now.seconds), _note(now)))
    write_result(json, {'file': str(out), **found.facts})
    console(json).print(f'return {found.facts["return"]} after {found.facts["steps"]} steps, in '
                        f'{out}', markup=False)


def _note(now) -> str:
    if now.best is None:
        return f'{now.steps / 1e6:.1f} million steps'
    return f'{now.steps / 1e6:.1f} million steps, return {now.tested:.0f}, best {now.best:.0f}'
