"""Where a search for a demonstrator stands: a file beside its result, by which it goes on."""

from pathlib import Path
from typing import Any

from adapt_learning.data.files import read_json, write_json
from adapt_learning.errors import SettingError


class SearchState:
    """The file OUT.search.json; `of` are the settings that a search must share to go on with it."""

    def __init__(self, out: Path, of: dict[str, Any]):
        self.path, self.of = out.with_name(f'{out.name}.search.json'), of

    def load(self) -> dict[str, Any] | None:
        """Return what `save` was given, or None; SettingError for a search with other settings."""
        if not self.path.is_file():
            return None
        found = read_json(self.path, 'remove it to search anew')
        if found.pop('of', None) != self.of:
            raise SettingError(f'{self.path} is of a search with other settings: finish that one, '
                               'or remove the file')
        return found

    def save(self, values: dict[str, Any]) -> None:
        """Write JSON values."""
        write_json(self.path, {'of': self.of, **values})


def check_minutes(minutes: float) -> None:
    """Raise SettingError unless there is time to search."""
    if minutes <= 0:
        raise SettingError(f'minutes is above 0; got {minutes}')
