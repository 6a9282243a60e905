"""`adapt inspect surfaces`: folders of procedural surfaces with defects."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_json,
    console,
    progress,
    verb,
    write_result,
)


@verb
def surfaces(
    out: Annotated[Path, typer.Option(help='Folder that gets a folder per surface.')],
    families: Annotated[str, typer.Option(
        help='Materials, as in wood,granite, or all.')] = 'all',
    surfaces: Annotated[int, typer.Option(min=1, help='Surfaces of each family.')] = 1,
    good: Annotated[int, typer.Option(
        min=1, help='Good pictures in train, and as many others in test.')] = 25,
    defective: Annotated[int, typer.Option(
        min=0, help='Defective pictures of each surface; the kinds take turns.')] = 24,
    kinds: Annotated[str, typer.Option(
        help='Defects, as in scratch,stain, or all.')] = 'all',
    strength: Annotated[str, typer.Option(
        help='Range of the strength of defects: 0 is small and faint, 1 is clear.')] = '0.25,1',
    size: Annotated[int, typer.Option(help='Side of a picture in px.')] = 256,
    seed: Annotated[int, typer.Option(min=0, help='Seed of the first surface.')] = 0,
    json: JsonOption = None,
) -> None:
    """
    Write pictures of textured surfaces with defects and masks, laid out like MVTec-AD.

    OUT/FAMILY_SEED/ has train/good, test/good, test/KIND and ground_truth/KIND.
    """
    from adapt_learning.data.outputs import check_output
    from adapt_learning.surfaces import Surface, names, write_surface
    check_json(json)
    chosen = _listed('--families', families, 'family', names('family'))
    defects = _listed('--kinds', kinds, 'defect', names('defect'))
    lines = [Surface(family, seed + k, size, _range(strength), defects)
             for family in chosen for k in range(surfaces)]
    out = check_output(out)
    each, written = 2 * good + defective, []
    with progress('surfaces', each * len(lines)) as show:
        for number, line in enumerate(lines):
            written.append(write_surface(
                line, out / line.name, good, good, defective,
                lambda done, number=number, name=line.name: show(number * each + done, name)))
    write_result(json, {'folder': str(out), 'surfaces': [
        {'name': line.name, 'family': line.family, 'seed': line.seed, 'train': made.train,
         'good': made.good, 'defective': made.defective}
        for line, made in zip(lines, written, strict=True)]})
    console(json).print(f'{len(lines)} surfaces of {len(chosen)} families in {out}: each with '
                        f'{good} good pictures to learn from, {good} good and {defective} '
                        'defective ones to be judged')


def _listed(option: str, text: str, kind: str, every: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of a list with commas; an unknown one is refused with those there are."""
    from adapt_learning.errors import SettingError
    from adapt_learning.surfaces import load
    if text == 'all':
        return every
    chosen = tuple(dict.fromkeys(name.strip() for name in text.split(',') if name.strip()))
    if not chosen:
        raise SettingError(f"{option} is 'all' or names with commas; got '{text}'")
    for name in chosen:
        load(kind, name)
    return chosen


def _range(text: str) -> tuple[float, float]:
    from adapt_learning.errors import SettingError
    try:
        low, high = (float(part) for part in text.split(','))
    except ValueError as error:
        raise SettingError('--strength is two numbers with a comma, as in 0.25,1; got '
                           f"'{text}'") from error
    return low, high
