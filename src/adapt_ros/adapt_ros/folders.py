"""Names that come in messages stay within the folder that a node was given."""

from pathlib import Path

from adapt_learning.errors import SettingError


def inside(root: str | Path, name: str, what: str) -> Path:
    """
    Return the path of `name` below `root`; SettingError where it is empty or leads elsewhere.

    Links are followed, so one that points outside is refused too.
    """
    if not name.strip():
        raise SettingError(f'{what} is a name below {root}; got nothing')
    if '\0' in name:
        raise SettingError(f'{what} may not hold a NUL character')
    folder = Path(root).resolve()
    path = (folder / name).resolve()
    if path == folder or not path.is_relative_to(folder):
        raise SettingError(f"{what} must lie below {folder}; got '{name}', which leads to {path}")
    return path
