"""`adapt hero sample`: pictures of a model that was tuned."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_json,
    console,
    passive_threads,
    progress,
    verb,
    write_result,
)


@verb
def sample(
    artifact: Annotated[Path, typer.Argument(help='Folder that adapt hero run wrote.')],
    out: Annotated[Path | None, typer.Option(
        help='Folder of the pictures; default: ARTIFACT.pictures.', show_default=False)] = None,
    prompt: Annotated[str, typer.Option(
        help='Another prompt; default: the one it was tuned for.')] = '',
    n: Annotated[int, typer.Option('--n', min=1, max=10_000, help='How many.')] = 16,
    seed: Annotated[int, typer.Option(min=0, help='Same seed, same pictures.')] = 0,
    plain_noise: Annotated[bool, typer.Option(
        '--plain-noise', help='Begin from plain noise, not around that of good pictures.')
    ] = False,
    pipeline: Annotated[str | None, typer.Option(
        help='The pretrained model, where it lies elsewhere now.', show_default=False)] = None,
    json: JsonOption = None,
) -> None:
    """Make pictures with what a run has learnt, for its prompt or another one."""
    check_json(json)
    passive_threads()
    from PIL import Image

    from adapt_learning.data.outputs import check_output
    from adapt_learning.generation.hero.artifact import load_artifact
    from adapt_learning.generation.hero.sheet import contact_sheet
    whole = artifact.absolute()
    out = check_output(out or whole.with_name(f'{whole.name}.pictures'))
    tuned = load_artifact(artifact, pipeline)
    with progress('sampling', tuned.config.sampling.steps) as show:
        pictures = tuned.pictures(n, seed, prompt, plain_noise,
                                  lambda stage, done, steps: show(done, ''))
    out.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(out / f'{i:04d}.png')
    contact_sheet(pictures).save(out / 'sheet.png')
    write_result(json, {'folder': str(out), 'prompt': prompt or tuned.prompt, 'pictures': n,
                        'seed': seed})
    console(json).print(f'{n} pictures in {out}, all of them on sheet.png')
