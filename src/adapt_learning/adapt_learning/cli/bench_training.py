"""`adapt bench training-speed`: pairs per second of training DBC."""

from itertools import count
from typing import Annotated

import typer

from adapt_learning.cli.common import JsonOption, check_json, passive_threads, progress, verb
from adapt_learning.cli.tables import (
    CACHE,
    OUT,
    CacheOption,
    OutOption,
    finish,
    ready,
)


@verb
def training_speed(
    updates: Annotated[int, typer.Option(
        min=64, help='Updates of each stage per round and contestant.')] = 640,
    rounds: Annotated[int, typer.Option(min=1, help='Rounds in turns, besides the first.')] = 5,
    seeds: Annotated[int, typer.Option(
        min=0, help='Trainings to the end per contestant, to compare success; 0: none.')] = 3,
    episodes: Annotated[int, typer.Option(min=1, help='Episodes per training.')] = 100,
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Train DBC beside a plain float32 loop of the same sizes, one seed and five stacked.

    Speeds are ratios of processor time in one run; success of both shows what speed has cost.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import training_speed as module
    place = ready(out, cache)
    with progress('training-speed', module.parts(rounds, seeds)) as show:
        done = count()
        result = module.measure(place, updates, rounds, seeds, episodes,
                                say=lambda text: show(next(done), text))
    finish(module.write(result, place.results), json)
