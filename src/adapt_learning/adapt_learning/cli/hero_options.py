"""What `adapt hero run` and `serve` are asked in the same words, and the model that ships."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.errors import SettingError

SMALL_MODEL = 'models/small_diffusion'
"""Where the text-to-image model that ships is, from the root of the sources."""

PipelineArgument = Annotated[str, typer.Argument(
    help="Folder of a pipeline in diffusers' format, or its name on the hub.")]
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
    """Return the pipeline; SettingError where the one that ships is not: it is no name on a hub."""
    if pipeline == SMALL_MODEL and not Path(pipeline, 'model_index.json').is_file():
        raise SettingError(f'there is no pipeline in {pipeline}: stand in the root of the sources, '
                           'make one with adapt hero pretrain, or give PIPELINE')
    return pipeline
