"""`adapt bench`: tables of the dissertation and series of experiments."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli import bench_dbc, bench_dmdr, bench_figures
from adapt_learning.cli.bench_checkpoints import checkpoints
from adapt_learning.cli.bench_decgan import table_2_1
from adapt_learning.cli.bench_hero import hero
from adapt_learning.cli.bench_hero_inspection import hero_inspection
from adapt_learning.cli.bench_inspection import inspection_speed
from adapt_learning.cli.bench_quality import data_quality
from adapt_learning.cli.bench_samplers import samplers
from adapt_learning.cli.bench_training import training_speed
from adapt_learning.cli.common import JobsOption, JsonOption, check_json, passive_threads, verb
from adapt_learning.cli.tables import (
    CACHE,
    OUT,
    BackendOption,
    CacheOption,
    OutOption,
    StackOption,
    finish,
    one_of,
    ready,
    run_table,
    seeds_of,
    workplace,
)
from adapt_learning.errors import SettingError

app = typer.Typer(no_args_is_help=True, help='Make the tables; an interrupted one continues.')
app.command('data-quality')(data_quality)
app.command('training-speed')(training_speed)
app.command('samplers')(samplers)
app.command('checkpoints')(checkpoints)
app.command('inspection-speed')(inspection_speed)
app.command('table-2.1')(table_2_1)
app.command('hero')(hero)
app.command('hero-inspection')(hero_inspection)


@app.command('table-3.3')
@verb
def table_3_3(
    preset: Annotated[str, typer.Option(help='cpu (minutes) or paper (as published).')] = 'cpu',
    expert: Annotated[str, typer.Option(help='Who demonstrates: smooth or staged.')] = 'smooth',
    seeds: StackOption = '0,1,2',
    episodes: Annotated[int, typer.Option(min=1, help='Episodes per seed and level.')] = 100,
    policies: Annotated[str, typer.Option(
        help='Rows to run, as in bc,dbc; default: all of the table.')] = '',
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Success in FetchPick at five noise levels: BC, its rivals and DBC beside the dissertation.

    Collects, trains and evaluates what has no result yet; the table is made of all results.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import table_3_3 as module
    one_of('--preset', preset, module.PRESETS)
    one_of('--expert', expert, module.EXPERTS)
    chosen = tuple(policies.split(',')) if policies else tuple(module.POLICIES)
    for policy in chosen:
        one_of('--policies', policy, tuple(module.POLICIES))
    table = module.Table33(preset, expert, seeds_of(seeds), episodes)
    running = replace(table, policies=chosen)
    place = workplace(out / table.name, cache)
    run_table(table.name, running.jobs(), place, jobs, backend)
    finish(module.write_table(table, place), json)


@app.command('experiments')
@verb
def experiments(
    file: Annotated[Path, typer.Argument(help='YAML list of trainings to compare.')],
    only: Annotated[str, typer.Option(
        help='Run only rows whose name has this in it; the table still shows all results.')] = '',
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """Train and evaluate every row of a file of experiments; the table is made of all results."""
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import experiments as module
    table = module.read_experiments(file)
    place = workplace(out / file.stem, cache)
    chosen = table.jobs(only)
    if not chosen:
        raise SettingError(f"no row of {file} has '{only}' in its name; there are "
                           f'{", ".join(row.name for row in table.rows)}')
    run_table(file.stem, chosen, place, jobs, backend)
    finish(module.write_experiments(table, place), json)


@app.command('dmdr-speed')
@verb
def dmdr_speed(
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """Measure how long restoring 10k pairs takes, and how much walking back together gains."""
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import dmdr_speed as module
    place = ready(out, cache)
    finish(module.write(module.measure(place), place.results), json)


@app.command('dmdr-size')
@verb
def dmdr_size(
    copies: Annotated[str, typer.Option(
        help='How many copies of 10k pairs, with commas.')] = '1,10,100',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """Measure processor time and memory of restoring up to a million pairs."""
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import dmdr_size as module
    counts = seeds_of(copies, '--copies')
    if 0 in counts:
        raise SettingError(f'--copies are numbers from 1 up; got {copies}')
    place = ready(out, cache)
    finish(module.write(module.measure(place, counts), place.results), json)


@app.command('dmdr-detection')
@verb
def dmdr_detection(
    tasks: Annotated[str, typer.Option(help='Tasks, with commas.')] = 'fetch_pick,fetch_push',
    seeds: Annotated[str, typer.Option(help='Seeds of pollution and filter: 0,1,2.')] = '0,1,2',
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """Let every filter judge demonstrations with known pollution: ROC AUC, precision, recall."""
    check_json(json)
    passive_threads()
    from adapt_learning import catalog
    from adapt_learning.benchmarks import dmdr_detection as module
    chosen = tuple(tasks.split(','))
    for task in chosen:
        catalog.load('task', task)
    table = module.DetectionTable(chosen, seeds_of(seeds))
    # Hundreds of small results: they stay in the cache, the table holds all of them.
    place = workplace(cache / table.name, cache)
    run_table(table.name, table.jobs(), place, jobs, backend)
    finish(module.write_table(table, place, out), json)


app.command('table-3.1')(bench_dbc.table_3_1)
app.command('table-3.2')(bench_dbc.table_3_2)
app.command('fig-3.4')(bench_figures.fig_3_4)
app.command('efficiency')(bench_figures.efficiency)
for _name in bench_dmdr.TABLES:
    app.command(_name)(bench_dmdr.command(_name))
