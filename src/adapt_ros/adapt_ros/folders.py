"""Names that come in messages stay within the folder that a node was given."""

from pathlib import Path

from adapt_learning.errors import SettingError

# What Linux allows; looking at a longer name is an error of its own.
_LONGEST, _LONGEST_PATH = 255, 2048


def inside(root: str | Path, name: str, what: str) -> Path:
    """
    Return the path of `name` below `root`; SettingError where it is empty or leads elsewhere.

    Links are followed, so one that points outside is refused too.
    """
    if not name.strip():
        raise SettingError(f'{what} is a name below {root}; got nothing')
    if '\0' in name:
        raise SettingError(f'{what} may not hold a NUL character')
    if any(len(part.encode(errors='replace')) > _LONGEST for part in Path(name).parts) or \
            len(name) > _LONGEST_PATH:
        raise SettingError(f'{what} is a name of at most {_LONGEST} bytes per folder; got one of '
                           f'{len(name)} characters')
    folder = Path(root).expanduser().resolve()
    path = (folder / name).resolve()
    if path == folder or not path.is_relative_to(folder):
        raise SettingError(f"{what} must lie below {folder}; got '{name}', which leads to {path}")
    return path
