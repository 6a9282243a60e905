"""`adapt inspect fit`, `score` and `calibrate`: recipes and what they say of pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_json,
    console,
    progress,
    verb,
    write_result,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapt_learning.inspection import Recipe, Result

RateOption = Annotated[float, typer.Option(
    help='Share of good parts that may be refused, above 0 and below 1.')]
RecipeArgument = Annotated[Path, typer.Argument(help='Folder of a recipe.')]


@verb
def fit(
    references: Annotated[Path, typer.Option(help='Folder of good pictures, or one picture.')],
    out: Annotated[Path, typer.Option(help='Folder of the new recipe.')],
    detector: Annotated[str | None, typer.Option(
        help='Folder of a detector, or name of a shipped one; default: surface_detector.',
        show_default=False)] = None,
    name: Annotated[str, typer.Option(help='Name of the recipe; default: that of OUT.')] = '',
    false_reject: RateOption = 0.01,
    review_band: Annotated[float, typer.Option(
        help='Share above the threshold within which somebody should look.')] = 0.1,
    leave_out_odd: Annotated[bool, typer.Option(
        '--leave-out-odd', help='Leave out references that look odd among the others.')] = False,
    fixed_orientation: Annotated[bool, typer.Option(
        '--fixed-orientation', help='Parts lie one way, and the other way round is a defect: do '
        'not turn and mirror the references.')] = False,
    overwrite: Annotated[bool, typer.Option(
        '--overwrite', help='Replace the recipe that stands there.')] = False,
    json: JsonOption = None,
) -> None:
    """
    Make the recipe of a surface of a few good pictures: seconds, nothing is trained.

    Says which references look odd, and what rate of false rejects so few of them can promise.
    """
    from datetime import UTC, datetime

    from adapt_learning.inspection import FitSettings, Inspector, fit_files
    from adapt_learning.inspection.detector import SHIPPED_DETECTOR, detector_folder
    from adapt_learning.inspection.pictures import list_pictures
    from adapt_learning.trainers.provenance import code_version
    check_json(json)
    files = list_pictures([references])
    inspector = Inspector(detector_folder(detector or SHIPPED_DETECTOR))
    stages: list[str] = []
    with progress('fit', 3 * len(files)) as show:
        def tell(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages.append(stage)
            show(min((len(stages) - 1) * len(files) + done, 3 * len(files)), stage)
        recipe = fit_files(
            inspector, files, out, name=name, overwrite=overwrite,
            settings=FitSettings(false_reject, review_band, leave_out_odd,
                                 fixed_orientation=fixed_orientation), progress=tell,
            created=datetime.now(UTC).isoformat(timespec='seconds'), code_version=code_version())
    _say(recipe, json, _left_out(references))


@verb
def calibrate(
    recipe: RecipeArgument,
    false_reject: RateOption = 0.01,
    review_band: Annotated[float | None, typer.Option(
        help='Share above the threshold within which somebody should look; default: as it is.'),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Set the thresholds of a recipe anew; its references stay."""
    from adapt_learning.inspection import load_recipe
    from adapt_learning.inspection.recipe_file import rewrite_settings
    check_json(json)
    changed = load_recipe(recipe).recalibrated(false_reject, review_band)
    _say(rewrite_settings(recipe, changed), json)


@verb
def score(
    recipe: RecipeArgument,
    pictures: Annotated[list[Path], typer.Argument(help='Pictures, or folders of them.')],
    detector: Annotated[str | None, typer.Option(
        help='Folder of a detector, or name of a shipped one; default: the shipped one that the '
        'recipe was made with.', show_default=False)] = None,
    heatmaps: Annotated[Path | None, typer.Option(
        help='Folder that gets a heat map per picture (1 = threshold in the middle).')] = None,
    json: JsonOption = None,
) -> None:
    """
    Judge pictures as the node does, to the bit.

    Pictures that cannot be judged are INVALID with a reason. Exit code 0 whatever the verdicts are.
    """
    from collections import Counter

    from adapt_learning.data.outputs import check_output
    from adapt_learning.inspection import Examiner, Inspector, load_recipe
    from adapt_learning.inspection.detector import detector_folder
    from adapt_learning.inspection.pictures import check_file, list_pictures, read_file
    check_json(json)
    # All of them before the first is judged: one that is not there shall not cost the others.
    files = [check_file(path) for path in list_pictures(pictures)]
    folder = None if heatmaps is None else check_output(heatmaps)
    judge = load_recipe(recipe)
    examiner = Examiner(Inspector(detector_folder(detector or judge.detector)), judge)
    rows = []
    with progress('score', len(files)) as show:
        for i, path in enumerate(files):
            data = read_file(path)
            result = examiner.examine_encoded(data)
            rows.append({'picture': str(path), **result.as_dict()})
            if folder is not None and result.map is not None:
                rows[-1]['heatmap'] = str(_heat_map(folder, i, path, data, result))
            show(i + 1, path.name)
    counts = dict(Counter(row['verdict'] for row in rows))
    write_result(json, {'recipe': str(recipe), 'counts': counts, 'pictures': rows})
    shown = console(json)
    for row in rows:
        ratio = '-' if row['ratio'] is None else f'{row["ratio"]:.3f}'
        name = Path(row['picture']).name
        shown.print(f'{row["verdict"]:7} {ratio:>6} {name} {row["text"]}'.rstrip())
    shown.print(', '.join(f'{count} {verdict}' for verdict, count in sorted(counts.items())))


def _heat_map(folder: Path, number: int, path: Path, data: bytes,
              result: 'Result') -> Path:
    from adapt_learning.inspection.heatmap import heat_map
    from adapt_learning.inspection.pictures import decode, encode_png
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f'{number:04d}_{path.stem}.png'
    made.write_bytes(encode_png(heat_map(result.map, result.map_threshold, decode(data))))
    return made


def _left_out(references: Path) -> list[str]:
    """Return a note of the files that were not taken, if there are any."""
    from adapt_learning.inspection.pictures import left_out
    names = left_out(references)
    if not names:
        return []
    what = '1 file that is no picture was' if len(names) == 1 else (
        f'{len(names)} files that are no pictures were')
    return [f'{what} left out: {", ".join(names[:4])}{", ..." if len(names) > 4 else ""}']


def _say(recipe: 'Recipe', json: str | None, more: 'Sequence[str]' = ()) -> None:
    """Show what a recipe promises, its notes and `more` notes."""
    calibration, notes = recipe.calibration, [*recipe.notes, *more]
    write_result(json, {
        'name': recipe.name, 'hash': recipe.hash, 'detector': recipe.detector,
        'references': len(recipe.references), 'odd': list(recipe.odd), 'notes': notes,
        'threshold': calibration.score.value, 'map_threshold': calibration.map.value,
        'false_reject': calibration.score.asked, 'bound': calibration.score.bound,
        'review_band': calibration.review_band})
    shown = console(json)
    shown.print(f"recipe '{recipe.name}': {len(recipe.references)} references, threshold "
                f'{calibration.score.value:.4g}')
    shown.print(calibration.score.sentence)
    for note in notes:
        shown.print(note)
