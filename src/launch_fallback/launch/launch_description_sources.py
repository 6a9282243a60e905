"""Where launch descriptions come from: Python launch files."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Optional

from ._base import LaunchContext, SomeText, described, pieces, text_of
from ._refuse import names_of, not_offered
from .launch_description import LaunchDescription

__all__ = ['AnyLaunchDescriptionSource', 'PythonLaunchDescriptionSource']
__getattr__ = names_of(__name__)


class LaunchDescriptionSource:
    """A launch description, loaded from its file when it is needed."""

    def __init__(self, launch_file_path: SomeText) -> None:
        self._path = pieces(launch_file_path)
        self._loaded: Optional[LaunchDescription] = None

    @property
    def location(self) -> str:
        """Return the file, in a readable form."""
        return described(self._path)

    def get_launch_description(self, context: LaunchContext) -> LaunchDescription:
        """Return the description, from now on always the same."""
        if self._loaded is None:
            self._loaded = load(text_of(context, self._path))
        return self._loaded

    def try_get_launch_description_without_context(self) -> Optional[LaunchDescription]:
        """Return the description, or None if that needs values known only while launching."""
        try:
            return self._loaded or load(text_of(LaunchContext(), self._path))
        except Exception:
            return None


class PythonLaunchDescriptionSource(LaunchDescriptionSource):
    """A Python launch file."""


class AnyLaunchDescriptionSource(LaunchDescriptionSource):
    """A launch file of any kind; the fallback reads those in Python."""


def load(path: str) -> LaunchDescription:
    """Execute a launch file and return what its generate_launch_description() returns."""
    if not path.endswith('.py'):
        raise RuntimeError(not_offered(f"'{path}': a launch file that is not Python"))
    loader = SourceFileLoader('python_launch_file', path)
    module = module_from_spec(spec_from_loader(loader.name, loader))
    try:
        loader.exec_module(module)
    except FileNotFoundError as error:
        missing = path if error.filename == path else f'{error.filename}, which {path} opens'
        raise RuntimeError(f"there is no file '{missing}'") from None
    if not hasattr(module, 'generate_launch_description'):
        raise RuntimeError(f"launch file '{path}' has no function generate_launch_description()")
    return module.generate_launch_description()
