"""`adapt hero pretrain`: a small text-to-image model to try feedback with."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_json,
    console,
    passive_threads,
    training_ends,
    verb,
    write_result,
)


@verb
def pretrain(
    out: Annotated[Path, typer.Option(help='Folder of the new model.')],
    seed: Annotated[int, typer.Option(
        min=0, help='Same seed, same pictures, captions and first weights.')] = 0,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting, e.g. '
        'denoiser.optimization.steps=8000 or pictures.captions.wrong_count=0; repeatable.',
        show_default=False)] = None,
    resume: Annotated[bool, typer.Option('--resume', help='Go on with an interrupted run.')
                      ] = False,
    json: JsonOption = None,
) -> None:
    """
    Train a small text-to-image model on drawn pictures, to try feedback with; needs no download.

    Writes a pipeline of diffusers with manifest and card. Logs and checkpoints are in OUT.run.
    Ctrl-C saves; the same command with --resume goes on.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.trainers.train_small_diffusion import (
        SmallDiffusionRequest,
        train_small_diffusion,
    )
    request = SmallDiffusionRequest(out, tuple(set_ or ()), seed, resume)
    with training_ends():
        done = train_small_diffusion(request)
    write_result(json, {'folder': str(out), **done})
    console(json).print(f'{out}: ' + ', '.join(
        f'{name} {found["rate"]:.2f}' for name, found in done['success'].items()))
