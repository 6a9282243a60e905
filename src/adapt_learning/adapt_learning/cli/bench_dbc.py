"""`adapt bench table-3.1` and `table-3.2`: DBC and its baselines in all tasks."""

from typing import Annotated

import typer

from adapt_learning.cli.common import JobsOption, JsonOption, check_json, passive_threads, verb
from adapt_learning.cli.tables import (
    CACHE,
    OUT,
    BackendOption,
    CacheOption,
    OutOption,
    PresetOption,
    StackOption,
    finish,
    one_of,
    run_table,
    seeds_of,
    workplace,
)
from adapt_learning.errors import SettingError

TasksOption = Annotated[str, typer.Option(help='Tasks of the table, with commas.')]
TASKS = 'maze,fetch_pick,hand_rotate,cheetah,walker,ant_reach'


@verb
def table_3_2(
    tasks: TasksOption = TASKS,
    preset: PresetOption = 'cpu',
    seeds: StackOption = '0,1,2',
    episodes: Annotated[int, typer.Option(min=1, help='Episodes per seed.')] = 100,
    extras: Annotated[bool, typer.Option(
        '--extras', help='Also rows with one setting changed: as published, or one step.')] = False,
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Success or return of BC, implicit BC, diffusion policy, DBC and flow matching in six tasks.

    Collects, trains and evaluates what has no result yet; the table shows all results.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import table_3_2 as module
    from adapt_learning.benchmarks.table_3_2_page import write_table
    one_of('--preset', preset, module.PRESETS)
    rows = module.METHODS + (module.EXTRAS if extras else ())
    table = module.Table32(chosen(tasks), seeds_of(seeds), episodes, preset, rows)
    place = workplace(out / module.NAME, cache)
    run_table(module.NAME, table.jobs(), place, jobs, backend)
    finish(write_table(table, place), json)


@verb
def table_3_1(
    tasks: TasksOption = TASKS,
    seeds: Annotated[str, typer.Option(help='Seeds of the clusters: 0,1,2.')] = '0,1,2,3,4',
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    How multimodal the demonstrations of each task are, by clusters of states and of actions.

    Collects the demonstrations of table-3.2 where they are missing; the table shows all results.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import table_3_1 as module
    table = module.Table31(chosen(tasks), seeds_of(seeds))
    place = workplace(out / module.NAME, cache)
    run_table(module.NAME, table.jobs(), place, jobs, backend)
    finish(module.write_table(table, place), json)


def chosen(tasks: str) -> tuple[str, ...]:
    """Return the different tasks of an option like maze,cheetah; each is one of the table's."""
    names = tuple(dict.fromkeys(tasks.split(',')))
    if not set(names) <= set(TASKS.split(',')):
        raise SettingError(f"--tasks are some of {TASKS.replace(',', ', ')}; got '{tasks}'")
    return names
