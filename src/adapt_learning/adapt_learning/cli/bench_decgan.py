"""`adapt bench table-2.1`: how well dec-GAN splits, and how long a rival takes."""

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
    finish,
    run_table,
    workplace,
)


@verb
def table_2_1(
    mnist: Annotated[Path | None, typer.Option(
        help='Folder with the four files of MNIST; without it MNIST is left out.')] = None,
    only: Annotated[str, typer.Option(
        help='Run only this part: mnist, digits or rendered; the page shows all results.')] = '',
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Train dec-GAN on MNIST, digits and rendered parts; measure its split beside free baselines.

    An AC-GAN is trained from scratch to the level of the swaps, to compare the times.
    """
    check_json(json)
    passive_threads()
    from dataclasses import replace

    from adapt_learning.benchmarks import table_2_1 as module
    from adapt_learning.errors import SettingError
    table = module.table_2_1(mnist and mnist.absolute())
    chosen = tuple(part for part in table.parts if only in ('', part.data.partition(':')[0]))
    if not chosen:
        raise SettingError(f"--only is mnist (with --mnist), digits or rendered; got '{only}'")
    results = out / table.name
    if mnist is None and any(results.glob('split-mnist-*.json')):
        raise SettingError(f'{results} has results of MNIST, and its pictures are needed to show '
                           'them; give --mnist so that they stay on the page, or --out another '
                           'folder')
    place = workplace(results, cache)
    run_table(table.name, replace(table, parts=chosen).jobs(), place, jobs, backend)
    finish(module.write_table(table, place), json)
