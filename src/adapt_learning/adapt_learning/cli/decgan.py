"""`adapt decgan`: a generator, and attributes of its pictures that can be swapped."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_file,
    check_json,
    console,
    passive_threads,
    training_ends,
    verb,
    write_result,
)

app = typer.Typer(no_args_is_help=True, help='Swap attributes of pictures (dec-GAN).')

ArtifactArgument = Annotated[Path, typer.Argument(
    help='Folder that `adapt decgan train` made.')]
DataArgument = Annotated[str, typer.Argument(
    help='Pictures: digits, mnist:DIR, or rendered (rendered:DIR keeps them in DIR).')]
DataOption = Annotated[str | None, typer.Option(
    help='Pictures to take; default: those it learnt from, where they need no folder.',
    show_default=False)]
PictureOption = Annotated[Path, typer.Option('--out', help='PNG to write.')]
SeedOption = Annotated[int, typer.Option(min=0, help='Which pictures are drawn.')]


@app.command('train')
@verb
def train(
    out: Annotated[Path, typer.Option(help='Folder of the new artifact.')],
    data: DataArgument = 'digits',
    backbone: Annotated[str | None, typer.Option(
        help='Generator to train: vae_gan (default) or res_gan.', show_default=False)] = None,
    generator: Annotated[Path | None, typer.Option(
        help='Instead: an artifact whose generator is taken as it is.',
        show_default=False)] = None,
    attribute: Annotated[str | None, typer.Option(
        help='What is split off, e.g. digit or view; default: the first of the pictures.',
        show_default=False)] = None,
    preset: Annotated[str, typer.Option(
        help='text (losses of the dissertation) or swap (content tells less of the attribute).'
    )] = 'text',
    seed: Annotated[int, typer.Option(min=0, help='Same seed, same artifact.')] = 0,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting, e.g. decomposition.swap_weight=1; '
        'repeatable.', show_default=False)] = None,
    resume: Annotated[bool, typer.Option(
        '--resume', help='Go on with an interrupted run.')] = False,
    json: JsonOption = None,
) -> None:
    """
    Train a generator, a classifier of the attribute, and the encoders that split it off.

    With --generator only classifier and encoders are trained: the attribute is chosen afterwards.
    Logs and checkpoints are in OUT.run. Ctrl-C saves; the same command with --resume goes on.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.trainers.train_decgan import DecGanRequest, train_decgan
    request = DecGanRequest(data, out, backbone, generator, attribute, preset, tuple(set_ or ()),
                            seed, resume)
    with training_ends():
        done = train_decgan(request)
    write_result(json, done)
    console(json).print(f'{out}: {done["attribute"]} of {done["data"]} by {done["backbone"]}, '
                        + ', '.join(f'{k} {v:.3f}' for k, v in done['last_losses'].items()
                                    if k.startswith('decomposition.')))


@app.command('swap')
@verb
def swap(
    artifact: ArtifactArgument,
    out: PictureOption,
    data: DataOption = None,
    count: Annotated[int, typer.Option(min=2, help='Pictures that are swapped.')] = 8,
    seed: SeedOption = 0,
) -> None:
    """Draw all swaps of some test pictures: content of the column, attribute of the row."""
    check_file('--out', out, ('.png',))
    passive_threads()
    from adapt_learning.trainers.decgan_pictures import write_swaps
    write_swaps(artifact, out, data, count, seed)
    console().print(f'written to {out}')


@app.command('interpolate')
@verb
def interpolate(
    artifact: ArtifactArgument,
    out: PictureOption,
    data: DataOption = None,
    count: Annotated[int, typer.Option(min=1, help='Rows.')] = 6,
    steps: Annotated[int, typer.Option(min=2, help='Pictures of a row.')] = 9,
    seed: SeedOption = 0,
) -> None:
    """Draw test pictures whose attribute goes from their own to that of another picture."""
    check_file('--out', out, ('.png',))
    passive_threads()
    from adapt_learning.trainers.decgan_pictures import write_interpolation
    write_interpolation(artifact, out, data, count, steps, seed)
    console().print(f'written to {out}')


@app.command('report')
@verb
def report(
    artifact: ArtifactArgument,
    data: DataArgument,
    out: Annotated[Path, typer.Option(help='New folder of page, JSON and pictures.')],
    pairs: Annotated[int, typer.Option(min=2, help='Test pictures that are swapped.')] = 2000,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """
    Measure a split: probes, leakage, swaps, reconstruction, beside the linear discriminant.

    Trains independent classifiers of attribute and identity first.
    """
    check_json(json)
    passive_threads()
    from rich.markdown import Markdown

    from adapt_learning.generation.decgan.measures import MeasureConfig
    from adapt_learning.trainers.report_decgan import measure_table, report_decgan
    done = report_decgan(artifact, data, out, MeasureConfig(pairs=pairs), seed,
                         lambda text: typer.echo(f'report: {text}', err=True))
    write_result(json, done)
    console(json).print(Markdown('\n'.join(measure_table(done))))
    console(json).print(f'written to {out}')
