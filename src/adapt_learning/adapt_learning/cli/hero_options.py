"""What `adapt hero run` and `serve` are asked in the same words, and the model that ships."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.errors import SettingError

PipelineArgument = Annotated[str, typer.Argument(
    help="Folder of a pipeline in diffusers' format, or its name on the hub; default: "
         'small_diffusion, which ships.', show_default=False)]
PromptOption = Annotated[str, typer.Option(help='What the pictures shall show.')]
OutOption = Annotated[Path, typer.Option(help='Folder of the artifact; the run is in OUT.run.')]
PresetOption = Annotated[str, typer.Option(
    help='cpu (minutes with a small model) or paper (as published).')]
FeedbackOption = Annotated[int | None, typer.Option(
    min=1, help='Answers in all; default: 512, in 8 rounds.', show_default=False)]
SeedOption = Annotated[int, typer.Option(min=0, help='Same seed and answers, same run.')]
SetOption = Annotated[list[str] | None, typer.Option(
    '--set', metavar='KEY=VALUE', help='Change one setting, e.g. start.best_share=0 or '
    'method=d3po; repeatable.', show_default=False)]


def present(pipeline: str) -> str:
    """Return the pipeline, or the one that ships; SettingError where that is not there."""
    from adapt_learning.artifacts.shipped import SMALL_DIFFUSION, models_folder
    shipped = models_folder() / SMALL_DIFFUSION
    if not pipeline and not (shipped / 'model_index.json').is_file():
        raise SettingError(f'there is no pipeline in {shipped}: make one with adapt hero pretrain, '
                           'or give PIPELINE')
    return pipeline or str(shipped)
