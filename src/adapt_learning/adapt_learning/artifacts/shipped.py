"""The models that ship with the repository, by name: for the command line and for nodes."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from adapt_learning.errors import ArtifactError

SMALL_DIFFUSION = 'small_diffusion'
"""A pipeline of diffusers, among the shipped models."""
_NAME = re.compile(r'[A-Za-z0-9_-]+')


def models_folder() -> Path:
    """
    Return the folder of the shipped models.

    That of the installed package adapt_ros, else that of the checkout this file lies in, else
    ./models, there or not.
    """
    installed = [Path(prefix) / 'share/adapt_ros/models'
                 for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if prefix]
    places = [*installed, Path(__file__).resolve().parents[4] / 'models']
    return next((place for place in places if place.is_dir()), Path('models'))


def artifact_folder(name: str, task: str = '') -> Path:
    """
    Return the folder of an artifact: a path as it is, or the name of a shipped model.

    With a task the name may be that of the policy alone: dbc is hand_rotate_dbc then. Raises
    ArtifactError that lists the shipped models where there is neither.
    """
    found = find_shipped(name, (name, f'{task}_{name}'), 'model.onnx')
    if isinstance(found, Path):
        return found
    of_task = f' for {task}' if task else ''
    raise ArtifactError(f"there is no shipped model '{name}'{of_task}; allowed: {found}, or the "
                        'folder of an artifact')


def find_shipped(name: str, models: Sequence[str], file: str) -> Path | str:
    """
    Return a path as it is, or the folder of the first of the shipped `models` that holds `file`.

    Where there is neither: the names of all shipped models that hold `file`, with commas.
    """
    path = Path(name).expanduser()
    if path.is_dir() or not _NAME.fullmatch(name):
        return path
    shipped = models_folder()
    for model in models:
        if (shipped / model / file).is_file():
            return shipped / model
    known = sorted(found.parent.name for found in shipped.glob(f'*/{file}'))
    return ', '.join(known) or '(none is installed)'
