"""Clear refusals for whatever the fallback does not offer, instead of silence or a riddle."""

import importlib.abc
import sys
from typing import Any, Callable


def not_offered(what: str) -> str:
    """Return the sentence that names what is missing and where it is to be had."""
    return f'{what} is not offered by the launch fallback; a ROS 2 Jazzy installation has it'


def names_of(module: str) -> Callable[[str], Any]:
    """Make a module's `__getattr__`: an import of an unknown name tells what is missing."""
    def __getattr__(name: str) -> Any:
        # Python probes dunder names (__path__, __wrapped__) and expects AttributeError for them;
        # for all others only ImportError carries our sentence through `from x import y`.
        if name.startswith('_'):
            raise AttributeError(name)
        raise ImportError(not_offered(f'{module}.{name}'))
    return __getattr__


def unknown_keywords(owner: object, unknown: dict[str, Any]) -> None:
    """Raise if a constructor was given keyword arguments that it does not know."""
    if unknown:
        words = ', '.join(f"'{name}'" for name in unknown)
        raise TypeError(not_offered(f'{type(owner).__name__}: keyword argument {words}'))


class _Submodules(importlib.abc.MetaPathFinder):
    """Asked last: says what is missing for e.g. `import launch.frontend`."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
        package, _, rest = fullname.partition('.')
        if package in ('launch', 'launch_ros') and rest and not rest.startswith('_'):
            raise ModuleNotFoundError(not_offered(fullname), name=fullname)


def refuse_submodules() -> None:
    """Install the finder of missing submodules, once."""
    if not any(isinstance(finder, _Submodules) for finder in sys.meta_path):
        sys.meta_path.append(_Submodules())
