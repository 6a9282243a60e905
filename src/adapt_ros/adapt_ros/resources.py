"""What is installed with the package: the shipped models."""

import re
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

from adapt_learning.errors import ArtifactError

_NAME = re.compile(r'[A-Za-z0-9_-]+')


def artifact_folder(name: str) -> Path:
    """
    Return the folder of an artifact: a path as it is, or the name of a shipped model.

    Raises ArtifactError that lists the shipped models where there is neither.
    """
    path = Path(name).expanduser()
    if path.is_dir() or not _NAME.fullmatch(name):
        return path
    shipped = _models()
    if not (shipped / name / 'manifest.json').is_file():
        known = sorted(p.parent.name for p in shipped.glob('*/manifest.json'))
        raise ArtifactError(f"there is no shipped model '{name}'; allowed: "
                            f'{", ".join(known) or "(none is installed)"}, or the folder of an '
                            'artifact')
    return shipped / name


def _models() -> Path:
    try:
        return Path(get_package_share_directory('adapt_ros')) / 'models'
    except PackageNotFoundError:
        return Path('models')
