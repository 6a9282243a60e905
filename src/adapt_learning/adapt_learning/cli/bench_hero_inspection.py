"""`adapt bench hero-inspection`: what a fine-tuned generator is worth to inspection."""

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
    workplace,
)
from adapt_learning.errors import SettingError


@verb
def hero_inspection(
    pipeline: Annotated[Path, typer.Option(
        help='Folder of the pretrained pipeline.')] = Path(SMALL_MODEL),
    weights: Annotated[Path, typer.Option(help='Weights of the backbone adapt_small.')] = Path(
        'models/adapt_small/weights.safetensors'),
    domains: Annotated[Path | None, typer.Option(
        help='Folder of surfaces in the layout of MVTec-AD to try on, besides those that are '
             'drawn.')] = None,
    arms: Annotated[str, typer.Option(
        help='Rows to run, as in drawn,drawn_hero; default: all.')] = '',
    trainings: Annotated[int, typer.Option(min=1, help='Trainings of each arm.')] = 2,
    count: Annotated[int, typer.Option(
        min=2, help='Generated pictures of each kind, good and defective.')] = 100,
    seeds: Annotated[int, typer.Option(min=1, help='Draws of references.')] = 2,
    pictures: Annotated[int, typer.Option(
        min=1, help='Most good, and most defective test pictures of a surface.')] = 40,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', show_default=False,
        help='Change one setting of all detectors, as in training.queries=8; repeatable.')] = None,
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Train detectors with and without pictures of a generator, before and after HERO, and try them.

    Tried on a procedural surface of each held-out family, and on those of --domains.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import hero_inspection as module
    from adapt_learning.benchmarks.inspect_domains import folder_domains, held_out_domains
    for path, what in ((pipeline / 'model_index.json', 'pipeline'), (weights, 'weights')):
        if not path.is_file():
            raise SettingError(f'there is no {path}; give --{what}')
    targets = held_out_domains(pictures) + (() if domains is None else folder_domains(domains))
    words = [f'adapt bench {module.NAME}',
             *([f'--domains {domains.resolve().name}'] if domains else []),
             f'--trainings {trainings} --count {count} --seeds {seeds} --pictures {pictures}',
             *(f'--set {one}' for one in set_ or ())]
    table = module.HeroInspection(
        pipeline.absolute(), weights.absolute(), targets,
        tuple(arms.split(',')) if arms else tuple(module.ARMS), trainings, count=count,
        draws=seeds, pictures=pictures, overrides=tuple(set_ or ()), command=' '.join(words))
    place = workplace(out / module.NAME, cache)
    run_table(module.NAME, table.jobs(), place, jobs, backend)
    finish(module.write_page(table, place), json)
