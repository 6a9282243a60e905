"""`adapt bench samplers`: steps of diffusion policy and flow matching."""

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


@verb
def samplers(
    tasks: Annotated[str, typer.Option(help='Tasks, with commas.')] = 'maze,fetch_pick',
    seeds: StackOption = '0,1,2',
    episodes: Annotated[int, typer.Option(min=1, help='Episodes per seed and row.')] = 100,
    preset: PresetOption = 'cpu',
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Success against latency of diffusion_policy and flow_matching, by steps and chunks.

    Each policy is trained once per chunk and exported again for each number of steps. Writes
    samplers.md, .json and .png.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import samplers as module
    from adapt_learning.benchmarks.samplers_page import write_page
    chosen = tuple(tasks.split(','))
    for task in chosen:
        one_of('--tasks', task, tuple(module.SCENES))
    one_of('--preset', preset, module.PRESETS)
    table = module.SamplerTable(tuple(dict.fromkeys(chosen)), preset, seeds_of(seeds), episodes)
    place = workplace(out / module.NAME, cache)
    run_table(module.NAME, table.jobs(), place, jobs, backend)
    finish(write_page(table, place), json)
