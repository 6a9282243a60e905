"""`adapt bench inspection-speed`: pictures per second beside PatchCore."""

from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import JsonOption, check_json, passive_threads, progress, verb
from adapt_learning.cli.inspect_bench import WeightsOption, weights_of
from adapt_learning.cli.tables import (
    CACHE,
    OUT,
    CacheOption,
    OutOption,
    finish,
    ready,
)
from adapt_learning.errors import SettingError


@verb
def inspection_speed(
    weights: WeightsOption = None,
    backbone: Annotated[str, typer.Option(
        help='Backbone of a --weights that names none.')] = 'mobilenet_v2',
    detector: Annotated[list[Path] | None, typer.Option(
        help='Folder of a detector that takes part; may be given several times.')] = None,
    anomalib: Annotated[Path | None, typer.Option(
        help='Python of an environment that has anomalib; its PatchCore takes part, too.')] = None,
    pictures: Annotated[int, typer.Option(
        min=2, help='Pictures that everybody judges.')] = 60,
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Judge pictures by detectors, and by PatchCore on the same backbones, in turns.

    Pictures per second of processor time, memory and size; each backbone of --weights has its rows.
    anomalib is no part of this project: --anomalib runs it in an environment of its own.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import inspection_speed as module
    from adapt_learning.benchmarks.inspect_detectors import GivenDetector
    files = weights_of(weights or [], backbone)
    if not files:
        raise SettingError('PatchCore needs a backbone: give its --weights (BACKBONE=FILE)')
    given = [GivenDetector(folder.absolute()) for folder in detector or []]
    titles = [one.title for one in given]
    if len(set(titles)) != len(titles):
        raise SettingError(f'each detector is given once; got {", ".join(titles)}')
    command = ' '.join((
        'adapt bench inspection-speed', *(f'--weights {name}={file.name}'
                                          for name, file in files.items()),
        *(option for one in given for option in one.options),
        *(('--anomalib python',) if anomalib else ()), f'--pictures {pictures}'))
    place = ready(out, cache)
    with progress('inspection-speed', module.parts(files, len(given), anomalib)) as show:
        done = count()
        result = module.measure(place, [one.path for one in given], files, pictures, command,
                                lambda text: show(next(done), text),
                                anomalib and anomalib.absolute())
    finish(module.write(result, place.results), json)
