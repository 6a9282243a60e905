"""All recipes of a place: one folder each, below one folder; names cannot lead out of it."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from adapt_learning.errors import DatasetError, SettingError, UserError
from adapt_learning.inspection.recipe import Recipe, check_name
from adapt_learning.inspection.recipe_file import RECIPE, load_recipe


@dataclass(frozen=True)
class Entry:
    """One recipe on the shelf, or what is wrong with it."""

    name: str
    recipe: Recipe | None
    problem: str
    """One sentence; empty where it can be used."""


class RecipeShelf:
    """The folder of recipes; made where it is not there."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).expanduser()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingError(f'recipes are kept in a folder; {folder} cannot be one: '
                               f'{error.strerror}') from error

    def path(self, name: str) -> Path:
        """Return the folder of a recipe, there or not; SettingError for a name with path parts."""
        return self.folder / check_name(name)

    def names(self) -> list[str]:
        """Return the names of what stands here, sorted; none where the folder was removed."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir()
                      if not path.name.startswith('.') and (path / RECIPE).is_file())

    def load(self, name: str) -> Recipe:
        """Return a recipe; SettingError lists what there is, ArtifactError says what is wrong."""
        path = self.path(name)
        if not (path / RECIPE).is_file():
            known = ', '.join(self.names()) or '(none)'
            raise SettingError(f"there is no recipe '{name}'; there are: {known}")
        return load_recipe(path)

    def entries(self) -> list[Entry]:
        """Return every recipe with what is wrong with it; a damaged one hides no other."""
        found = []
        for name in self.names():
            try:
                found.append(Entry(name, self.load(name), ''))
            except UserError as error:
                found.append(Entry(name, None, str(error)))
        return found

    def remove(self, name: str) -> None:
        """Remove a recipe, damaged or not, in one step; SettingError where there is none."""
        path = self.path(name)
        # A link is removed, never what it points at.
        if path.is_symlink():
            path.unlink()
            return
        if not (path / RECIPE).is_file():
            known = ', '.join(self.names()) or '(none)'
            raise SettingError(f"there is no recipe '{name}' to remove; there are: {known}")
        try:
            gone = Path(tempfile.mkdtemp(prefix='.removed-', dir=self.folder))
            path.rename(gone / name)
        except OSError as error:
            raise DatasetError(f"recipe '{name}' cannot be removed: {error.strerror}; look at the "
                               'permissions of its folder') from error
        shutil.rmtree(gone, ignore_errors=True)
