"""`adapt bench hero`: HERO, its variants and baselines with simulated evaluators."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import JobsOption, JsonOption, check_json, passive_threads, verb
from adapt_learning.cli.hero_options import SMALL_MODEL
from adapt_learning.cli.tables import (
    CACHE,
    OUT,
    BackendOption,
    CacheOption,
    OutOption,
    finish,
    run_table,
    seeds_of,
    workplace,
)
from adapt_learning.errors import SettingError


@verb
def hero(
    pipeline: Annotated[Path, typer.Option(
        help='Folder of the pretrained pipeline.')] = Path(SMALL_MODEL),
    rules: Annotated[str, typer.Option(
        help='Simulated evaluators, with commas; default: all.')] = '',
    methods: Annotated[str, typer.Option(
        help='Rows to run, as in hero,d3po; default: all of the tables.')] = '',
    seeds: Annotated[str, typer.Option(help='Seeds, one run each: 0,1,2.')] = '0,1,2',
    samples: Annotated[int, typer.Option(
        min=1, help='Pictures that are counted after the last answer.')] = 200,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting of all runs; repeatable.',
        show_default=False)] = None,
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Success after feedback: HERO, variants and baselines on a small model (tables 2.3, 2.4).

    A run that was interrupted goes on where it was; the page is made of all results.
    """
    check_json(json)
    passive_threads()
    from dataclasses import replace

    from adapt_learning import catalog
    from adapt_learning.benchmarks import hero_bench as module
    from adapt_learning.benchmarks.hero_page import write_page
    if not (pipeline / 'model_index.json').is_file():
        raise SettingError(f'there is no pipeline in {pipeline}: make one with adapt hero '
                           'pretrain, or give --pipeline')
    chosen = tuple(rules.split(',')) if rules else catalog.names('evaluator')
    bench = module.HeroBench(
        pipeline.absolute(), chosen, seeds=seeds_of(seeds), samples=samples,
        overrides=tuple(set_ or ()))
    command = ['adapt bench hero', *([f'--rules {rules}'] if rules else []), f'--seeds {seeds}',
               *(f'--set {one}' for one in set_ or ())]
    bench = replace(bench, command=' '.join(command))
    running = replace(bench, methods=tuple(methods.split(','))) if methods else bench
    place = workplace(out / module.NAME, cache)
    run_table(module.NAME, running.jobs(), place, jobs, backend)
    finish(write_page(bench, place), json)
