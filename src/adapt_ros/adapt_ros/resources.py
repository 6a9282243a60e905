"""What is installed with the package: the shipped models."""

import re
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
    path = Path(name).expanduser()
    if path.is_dir() or not _NAME.fullmatch(name):
        return path
    shipped = _models()
    for model in (name, f'{task}_{name}'):
        if (shipped / model / 'manifest.json').is_file():
            return shipped / model
    known = sorted(p.parent.name for p in shipped.glob('*/manifest.json'))
    of_task = f' for {task}' if task else ''
    raise ArtifactError(f"there is no shipped model '{name}'{of_task}; allowed: "
                        f'{", ".join(known) or "(none is installed)"}, or the folder of an '
                        'artifact')


def _models() -> Path:
    try:
        return Path(get_package_share_directory('adapt_ros')) / 'models'
    except PackageNotFoundError:
        return Path('models')
