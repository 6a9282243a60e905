"""Parameters as launch files write them, and their values as nodes get them."""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional, Union, get_args, get_origin

import yaml

from launch._base import LaunchContext, SomeText, Substitution, is_text, pieces, text_of
from launch._refuse import names_of, not_offered
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, SubstitutionFailure

from .substitutions import FindPackagePrefix, FindPackageShare

__all__ = ['ParameterFile', 'ParameterValue']
__getattr__ = names_of(__name__)

_IN_FILES = {'env': EnvironmentVariable, 'find-pkg-share': FindPackageShare,
             'find-pkg-prefix': FindPackagePrefix}
_files: list[str] = []


class ParameterValue:
    """A value whose type is given: int, float, bool, str or a list of one of them."""

    def __init__(self, value: Any, *, value_type: Any = None) -> None:
        self.value, self.value_type = value, value_type

    def evaluate(self, context: LaunchContext) -> Any:
        """Return the value; text from substitutions is brought to the type."""
        value, kind = self.value, self.value_type
        if isinstance(value, Substitution) or is_text(value) and not isinstance(value, str):
            text = text_of(context, value)
            value = text if kind is str else _from_yaml(text, bool_too=kind is bool)
        elif isinstance(value, (list, tuple)):
            value = [text_of(context, v) if is_text(v) else v for v in value]
        is_list = get_origin(kind) is list
        types = {type(v) for v in value} if is_list and isinstance(value, list) else {type(value)}
        wanted = get_args(kind)[0] if is_list else kind
        if wanted is float and types <= {int, float} and types:
            return [float(v) for v in value] if is_list else float(value)
        if kind is not None and (types - {wanted} or is_list != isinstance(value, list)):
            raise ValueError(f'{value!r} is not of the type {getattr(kind, "__name__", kind)}')
        return value


class ParameterFile:
    """A YAML file with parameters, in which $(var name), $(env NAME) and the like may stand."""

    def __init__(self, param_file: Union[SomeText, os.PathLike], *,
                 allow_substs: bool = False) -> None:
        is_path = isinstance(param_file, os.PathLike)
        self.param_file = pieces(os.fspath(param_file) if is_path else param_file)
        self.allow_substs = allow_substs

    def evaluate(self, context: LaunchContext) -> Path:
        """Return the path of the file to hand to the node."""
        path = Path(text_of(context, self.param_file))
        if not self.allow_substs:
            return path
        text = re.sub(r'\$\(([^()]*)\)', lambda found: _in_file(found[1], context),
                      path.read_text())
        try:
            yaml.safe_load(text)
        except yaml.YAMLError:
            raise SubstitutionFailure(f'{path} is no YAML after its substitutions') from None
        return Path(temporary_file(text))


def _in_file(words: str, context: LaunchContext) -> str:
    kind, *rest = words.split()
    if kind == 'var' and len(rest) in (1, 2):
        return LaunchConfiguration(rest[0], default=rest[1] if rest[1:] else None).perform(context)
    if kind == 'env' and len(rest) == 2:
        return EnvironmentVariable(rest[0], default_value=rest[1]).perform(context)
    if kind not in _IN_FILES or len(rest) != 1:
        raise SubstitutionFailure(not_offered(f'$({words}) in a parameter file'))
    return _IN_FILES[kind](rest[0]).perform(context)


def temporary_file(text: str) -> str:
    """Write text to a file that lives as long as the launch; return its path."""
    with tempfile.NamedTemporaryFile('w', prefix='launch_params_', suffix='.yaml',
                                     delete=False) as file:
        file.write(text)
    _files.append(file.name)
    return file.name


def remove_temporary_files() -> None:
    """Remove what `temporary_file` wrote."""
    while _files:
        Path(_files.pop()).unlink(missing_ok=True)


def _from_yaml(text: str, bool_too: bool = False) -> Any:
    if not text:
        return text
    try:
        value = yaml.safe_load({'1': 'true', '0': 'false'}.get(text, text) if bool_too else text)
    except yaml.YAMLError:
        raise ValueError(f'{text!r} cannot be read as YAML') from None
    return _checked(value, text)


def _checked(value: Any, shown: Any) -> Any:
    items = list(value) if isinstance(value, (list, tuple)) else [value]
    kinds = {type(item) for item in items}
    if len(kinds) != 1 or not kinds <= {bool, int, float, str}:
        raise TypeError(f'{shown!r} is no parameter value (bool, int, float, str or a list of one '
                        'of them); ParameterValue(..., value_type=str) keeps it as text')
    return items if isinstance(value, (list, tuple)) else value


def evaluate(context: LaunchContext, value: Any) -> Any:
    """Return the value of one parameter: text from substitutions is read by YAML's rules."""
    if isinstance(value, ParameterValue):
        return value.evaluate(context)
    if isinstance(value, Substitution) or is_text(value) and not isinstance(value, str):
        return _from_yaml(text_of(context, value))
    if isinstance(value, (list, tuple)):
        items = [_from_yaml(text_of(context, v)) if isinstance(v, (list, tuple)) else v
                 for v in value]
        numbers = {type(v) for v in items} == {int, float}
        return _checked([float(v) for v in items] if numbers else items, value)
    return _checked(value, value)


def evaluate_named(context: LaunchContext, name: str, value: Any) -> Any:
    """Return the value of a parameter; errors name it and the launch argument it comes from."""
    try:
        return evaluate(context, value)
    except (TypeError, ValueError) as error:
        arguments = ' and '.join(f"'{one}'" for one in _configurations_in(context, value))
        remedy = f'; give the launch argument {arguments} another value' if arguments else ''
        raise RuntimeError(f"parameter '{name}': {error}{remedy}") from error


def _configurations_in(context: LaunchContext, value: Any) -> list[str]:
    value = value.value if isinstance(value, ParameterValue) else value
    parts = value if isinstance(value, (list, tuple)) else [value]
    return [text_of(context, part.variable_name) for part in parts
            if isinstance(part, LaunchConfiguration)]


def flat(context: LaunchContext, values: Mapping, before: str = '') -> Iterator[tuple[str, Any]]:
    """Yield the parameters of a dictionary; nested ones get dots in their names."""
    for key, value in values.items():
        name = before + text_of(context, key)
        if isinstance(value, Mapping):
            yield from flat(context, value, name + '.')
        else:
            yield name, evaluate_named(context, name, value)


def parameter_argument(context: LaunchContext, given: Any, node: Optional[str]) -> str:
    """Return the path of a parameter file for one entry of a node's `parameters`."""
    if isinstance(given, Mapping):
        content = {node or '/**': {'ros__parameters': dict(flat(context, given))}}
        return temporary_file(yaml.safe_dump(content))
    file = given if isinstance(given, ParameterFile) else ParameterFile(given)
    return str(file.evaluate(context))
