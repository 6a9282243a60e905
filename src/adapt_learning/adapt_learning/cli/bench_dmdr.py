"""`adapt bench table-3.4` to `table-3.7`: learning from polluted and restored demonstrations."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
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
    finish,
    run_table,
    seeds_of,
    workplace,
)
from adapt_learning.errors import SettingError

TasksOption = Annotated[str, typer.Option(
    help='Some of fetch_pick, fetch_push, hand_rotate, walker; default: all of them.')]
SeedsOption = Annotated[str, typer.Option(
    help='Seeds; each has its own pollution, restoration and training.')]
EpisodesOption = Annotated[int, typer.Option(min=1, help='Episodes per seed.')]
_SEEDS = '0,1,2,3,4'


TABLES = {
    'table-3.4':
        'Success after learning from polluted demonstrations: BC, ensembles, BCND, DMDR.',
    'table-3.5':
        'Ablation of the filter: random, AE, LOF, AE + LOF, trajectory.',
    'table-3.6':
        'Ablation of the restorer: forest, generation, without predictor, without threshold.',
    'table-3.7':
        'BC, implicit BC and diffusion policy on polluted and on restored demonstrations.',
    'dmdr-kinds':
        'Each kind of pollution, before and after DMDR.',
    'dmdr-settings':
        'DMDR with other values of what the dissertation leaves open: t_thres, k, share.',
}
"""Verbs with their help; the rows of a table are in the module of the same name."""


def command(name: str) -> Callable[..., None]:
    """Return the verb that makes a table."""
    module = name.replace('-', '_').replace('.', '_')

    @verb
    def make(tasks: TasksOption = '', seeds: SeedsOption = _SEEDS,
             episodes: EpisodesOption = 100, preset: PresetOption = 'cpu',
             jobs: JobsOption = None, backend: BackendOption = 'loky',
             out: OutOption = OUT, cache: CacheOption = CACHE, json: JsonOption = None) -> None:
        _make(module, tasks, seeds, episodes, preset, (jobs, backend), out, cache, json)

    make.__doc__ = TABLES[name]
    return make


def _make(module: str, tasks: str, seeds: str, episodes: int, preset: str,
          who: tuple[int | None, str], out: Path, cache: Path, json: str | None) -> None:
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks.dmdr_page import write_table
    from adapt_learning.benchmarks.dmdr_tables import DEMONSTRATIONS, SEEDS, DmdrTable
    rows = importlib.import_module(f'adapt_learning.benchmarks.{module}')
    chosen = tuple(tasks.split(',')) if tasks else tuple(DEMONSTRATIONS)
    if not set(chosen) <= set(DEMONSTRATIONS):
        raise SettingError(f"--tasks are some of {', '.join(DEMONSTRATIONS)}; got '{tasks}'")
    table = DmdrTable(rows.NAME, rows.TITLE, rows.ROWS, chosen, seeds_of(seeds), episodes, preset)
    # One folder for all of them: they have many jobs in common.
    place = workplace(out / 'dmdr', cache)
    run_table(table.name, table.jobs(), place, *who)
    # The page shows what was run earlier for other tasks and seeds, too.
    whole = replace(table, tasks=tuple(DEMONSTRATIONS), seeds=tuple(sorted({*SEEDS, *table.seeds})))
    finish(write_table(whole, place), json)
