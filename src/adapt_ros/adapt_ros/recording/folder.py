"""The folder of a recorder: its lock, its numbering, its trash, its unfinished bags."""

import os
import re
import shutil
from contextlib import ExitStack
from pathlib import Path

from adapt_learning.data.files import own_folder
from adapt_learning.errors import DatasetError, SettingError
from adapt_ros.recording import rosbag2
from adapt_ros.recording.repair import Repaired, repair_bags, unfinished

TRASH = '.trash'
_BAG = re.compile(r'episode_(\d{6,})')


class RecordingFolder:
    """
    Bags `episode_000001`, ... right below one folder, which no other recorder may use meanwhile.

    Names are made of numbers alone, so nothing that comes in a message becomes a path. What is
    deleted goes to the folder `.trash`, from which it can be moved back.
    """

    def __init__(self, folder: str | Path):
        self.path = Path(folder).expanduser().absolute()
        self._held = ExitStack()
        self.saved = 0
        """Bags in the folder, as of the last change."""
        self.lock()
        self.recount()

    def lock(self) -> None:
        """Take the folder, making it if need be; raises SettingError where that cannot be."""
        self._identity = None
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise SettingError(f"parameter 'folder': {self.path} cannot be used: it is no folder; "
                               'give one that can be written to')
        try:
            self._held.enter_context(own_folder(self.path))
            self._identity = self._on_disk()
        except DatasetError as error:
            raise SettingError(f"{self.path} is in use by another recorder (or is being written "
                               "to): stop it, or give this one another parameter 'folder'"
                               ) from error
        except OSError as error:
            raise SettingError(f"parameter 'folder': {self.path} cannot be used: "
                               f'{error.strerror}; give a folder that can be written to') from error

    def release(self) -> None:
        """Let the folder go."""
        self._held.close()

    def renew(self) -> None:
        """Make and take the folder again where it was removed; see `lock` for the error."""
        if self._identity is None or self._on_disk() != self._identity:
            self.release()
            self.lock()
            self.recount()

    def _on_disk(self) -> tuple[int, int] | None:
        """Return what tells this folder from another of its name."""
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def repair(self) -> tuple[list[Repaired], list[str]]:
        """Complete what an earlier recorder left; return what was done and what failed."""
        empty, said = [], []
        for _, bag in _numbered(self.path):
            try:
                if not any(file.stat().st_size for file in bag.iterdir()):
                    empty.append(bag)
            except OSError as error:  # a file of that name, or what may not be read
                said.append(f'{bag.name} is left alone, it is no bag: {error.strerror}')
        done, failed = repair_bags(bag for bag in unfinished(self.path) if bag not in empty)
        # What holds nothing is no demonstration, and must not be counted as one.
        empty += [one.bag for one in done if not one.messages]
        for bag in empty:
            try:
                self.discard(bag)
                said.append(f'{bag.name} was begun, and nothing of it reached the disk; it is in '
                            f'{TRASH}')
            except DatasetError as error:
                said.append(str(error))
        self.recount()
        return [one for one in done if one.messages], said + failed

    def bags(self) -> list[Path]:
        """Return the saved bags, oldest first."""
        return saved(self.path)

    def recount(self) -> None:
        """Count the bags."""
        self.saved = len(self.bags())

    def next(self) -> Path:
        """Return the path of the next bag; numbers are never used twice, also not of the trash."""
        taken = [number for folder in (self.path, self.path / TRASH)
                 for number, _ in _numbered(folder)]
        return self.path / f'episode_{max(taken, default=0) + 1:06d}'

    def discard(self, bag: Path) -> Path:
        """Move a bag to the trash and return where it is now; raises DatasetError."""
        target = to_trash(bag)
        self.recount()
        return target

    def free_bytes(self) -> int:
        """Return what is left on the disk; 0 where the folder is gone."""
        try:
            return shutil.disk_usage(self.path).free
        except OSError:
            return 0


def to_trash(bag: Path) -> Path:
    """Move a bag to the trash beside it and return where it is now; raises DatasetError."""
    target = bag.parent / TRASH / bag.name
    try:
        target.parent.mkdir(exist_ok=True)
        os.replace(bag, target)
    except OSError as error:
        raise DatasetError(f'{bag.name} cannot be moved to the trash: {error.strerror}; look '
                           f'at the permissions of {bag.parent}') from error
    return target


def saved(folder: Path) -> list[Path]:
    """Return the saved bags of a recorder's folder, oldest first; none where there is none."""
    return [path for _, path in _numbered(folder) if (path / rosbag2.METADATA).is_file()]


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    try:
        found = [(_BAG.fullmatch(path.name), path) for path in folder.iterdir()]
    except OSError:
        return []
    return sorted((int(match[1]), path) for match, path in found if match)
