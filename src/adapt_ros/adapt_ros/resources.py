"""What is installed with the package: the shipped models."""

import re
from collections.abc import Sequence
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

from adapt_learning.errors import ArtifactError

_NAME = re.compile(r'[A-Za-z0-9_-]+')


def artifact_folder(name: str, task: str = '') -> Path:
    """
    Return the folder of an artifact: a path as it is, or the name of a shipped model.

    With a task the name may be that of the policy alone: dbc is hand_rotate_dbc then. Raises
    ArtifactError that lists the shipped models where there is neither.
    """
    found = _shipped(name, (name, f'{task}_{name}'), 'model.onnx')
    if isinstance(found, Path):
        return found
    of_task = f' for {task}' if task else ''
    raise ArtifactError(f"there is no shipped model '{name}'{of_task}; allowed: {found}, or the "
                        'folder of an artifact')


def detector_folder(name: str) -> Path:
    """
    Return the folder of a detector: a path as it is, or the name of a shipped one.

    Raises ArtifactError that lists the shipped detectors where there is neither.
    """
    # Here, because nodes without a camera need none of it.
    from adapt_learning.inspection.detector import JUDGE_MODEL
    found = _shipped(name, (name,), JUDGE_MODEL)
    if isinstance(found, Path):
        return found
    raise ArtifactError(f"there is no shipped detector '{name}'; allowed: {found}, or the folder "
                        'of a detector')


def _shipped(name: str, models: Sequence[str], file: str) -> Path | str:
    """Return the folder, or the names of all shipped models that hold `file`."""
    path = Path(name).expanduser()
    if path.is_dir() or not _NAME.fullmatch(name):
        return path
    shipped = _models()
    for model in models:
        if (shipped / model / file).is_file():
            return shipped / model
    known = sorted(found.parent.name for found in shipped.glob(f'*/{file}'))
    return ', '.join(known) or '(none is installed)'


def _models() -> Path:
    try:
        return Path(get_package_share_directory('adapt_ros')) / 'models'
    except PackageNotFoundError:
        return Path('models')
