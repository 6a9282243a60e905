"""`adapt bench checkpoints`: choosing a checkpoint without a simulator."""

from typing import Annotated

import typer

from adapt_learning.cli.common import JobsOption, JsonOption, check_json, passive_threads, verb
from adapt_learning.cli.tables import (
    CACHE,
    OUT,
    BackendOption,
    CacheOption,
    OutOption,
    StackOption,
    finish,
    run_table,
    seeds_of,
    workplace,
)


@verb
def checkpoints(
    task: Annotated[str, typer.Option(help='Name of the task, e.g. fetch_pick.')] = 'fetch_pick',
    policy: Annotated[str, typer.Option(help='Name of the policy, e.g. bc.')] = 'bc',
    demonstrations: Annotated[int, typer.Option(
        min=2, help='Few, so that overfitting shows.')] = 30,
    noise_level: Annotated[float, typer.Option(help='Of the evaluation.')] = 1.25,
    every: Annotated[int, typer.Option(min=1, help='Updates from checkpoint to checkpoint.')] = 512,
    count: Annotated[int, typer.Option(min=3, help='Number of checkpoints.')] = 8,
    seeds: StackOption = '0',
    episodes: Annotated[int, typer.Option(min=1, help='Episodes per checkpoint.')] = 50,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting of the policy or, as judge.KEY, '
        'of the judge; repeatable.', show_default=False)] = None,
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Compare checkpoints of one training: validation loss, expert-likeness, success.

    Says how well the first two, which need no simulator, order the checkpoints. Writes
    checkpoints-TASK.json, .md and .png.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import checkpoints as module
    table = module.Checkpoints(task, policy, demonstrations, noise_level, every, count,
                               seeds_of(seeds), episodes, tuple(set_ or ()))
    table.check()
    place = workplace(out / table.name, cache)
    run_table(table.name, table.jobs(), place, jobs, backend)
    finish(module.write_table(table, place), json)
