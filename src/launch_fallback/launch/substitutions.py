"""Substitutions: text that is found out while launching."""

import importlib
import math
import os
from collections.abc import Iterable
from typing import Any, Optional

from ._base import (
    LaunchContext,
    SomeText,
    Substitution,
    TextSubstitution,
    as_bool,
    described,
    pieces,
    text_of,
)
from ._refuse import names_of

__all__ = [
    'EnvironmentVariable', 'EqualsSubstitution', 'IfElseSubstitution', 'LaunchConfiguration',
    'NotEqualsSubstitution', 'PathJoinSubstitution', 'PythonExpression',
    'SubstitutionFailure', 'TextSubstitution',
]
__getattr__ = names_of(__name__)


class SubstitutionFailure(RuntimeError):
    """A substitution cannot be performed."""


def _loose(value: Any) -> list[Substitution]:
    """Return any value as pieces: numbers and the like become their text."""
    if isinstance(value, (str, Substitution)) or not isinstance(value, Iterable):
        value = [value]
    return pieces([v if isinstance(v, (str, Substitution)) else str(v) for v in value])


class LaunchConfiguration(Substitution):
    """The value of a launch configuration."""

    def __init__(self, variable_name: SomeText, *, default: Any = None) -> None:
        self.variable_name = pieces(variable_name)
        self._default = None if default is None else _loose(default)

    def perform(self, context: LaunchContext) -> str:
        name = text_of(context, self.variable_name)
        if name in context.launch_configurations:
            return context.launch_configurations[name]
        if self._default is None:
            raise SubstitutionFailure(f"there is no launch configuration named '{name}'")
        return text_of(context, self._default)

    def describe(self) -> str:
        return f'$(var {described(self.variable_name)})'


class EnvironmentVariable(Substitution):
    """The value of an environment variable."""

    def __init__(self, name: SomeText, *, default_value: Optional[SomeText] = None) -> None:
        self.name = pieces(name)
        self.default_value = None if default_value is None else pieces(default_value)

    def perform(self, context: LaunchContext) -> str:
        name = text_of(context, self.name)
        default = None if self.default_value is None else text_of(context, self.default_value)
        value = context.environment.get(name, default)
        if value is None:
            raise SubstitutionFailure(f"the environment variable '{name}' is not set")
        return value

    def describe(self) -> str:
        default = '' if self.default_value is None else ' ' + described(self.default_value)
        return f'$(env {described(self.name)}{default})'


class PathJoinSubstitution(Substitution):
    """Parts joined to a path."""

    def __init__(self, substitutions: Iterable[Any]) -> None:
        self.substitutions = pieces(substitutions)

    def perform(self, context: LaunchContext) -> str:
        return os.path.join(*(part.perform(context) for part in self.substitutions))

    def describe(self) -> str:
        return '/'.join(part.describe() for part in self.substitutions)


class PythonExpression(Substitution):
    """The value of a Python expression as text; math's names are at hand."""

    def __init__(self, expression: SomeText, python_modules: SomeText = ('math',)) -> None:
        self.expression = pieces(expression)
        self.python_modules = pieces(python_modules)

    def perform(self, context: LaunchContext) -> str:
        names: dict[str, Any] = {}
        for piece in self.python_modules:
            module = importlib.import_module(piece.perform(context))
            # math alone can be used without its name in front, as in older launch files.
            names.update(vars(module) if module is math else {})
            names[module.__name__] = module
        return str(eval(text_of(context, self.expression), {}, names))

    def describe(self) -> str:
        return f'$(eval {described(self.expression)})'


class IfElseSubstitution(Substitution):
    """One text or another, as a condition says."""

    def __init__(self, condition: SomeText, if_value: SomeText = '',
                 else_value: SomeText = '') -> None:
        if if_value == else_value == '':
            raise RuntimeError('IfElseSubstitution needs an if_value or an else_value')
        self.condition = pieces(condition)
        self.if_value = pieces(if_value)
        self.else_value = pieces(else_value)

    def perform(self, context: LaunchContext) -> str:
        try:
            holds = as_bool(context, self.condition)
        except ValueError as error:
            raise SubstitutionFailure(str(error)) from None
        return text_of(context, self.if_value if holds else self.else_value)

    def describe(self) -> str:
        return ' '.join(['$(if', *map(described, (self.condition, self.if_value,
                                                  self.else_value))]) + ')'


class EqualsSubstitution(Substitution):
    """'true' if both are the same text, truth value or (nearly) the same number."""

    def __init__(self, left: Any, right: Any) -> None:
        self.left, self.right = _side(left), _side(right)

    def perform(self, context: LaunchContext) -> str:
        return str(_same(text_of(context, self.left), text_of(context, self.right))).lower()


class NotEqualsSubstitution(EqualsSubstitution):
    """The opposite of EqualsSubstitution."""

    def perform(self, context: LaunchContext) -> str:
        return str(super().perform(context) == 'false').lower()


def _side(value: Any) -> list[Substitution]:
    if value is None:
        return pieces('')
    return pieces(str(value).lower()) if isinstance(value, bool) else _loose(value)


def _same(left: str, right: str) -> bool:
    truths = {'true': True, '1': True, 'false': False, '0': False}
    if left.lower() in truths and right.lower() in truths:
        return truths[left.lower()] == truths[right.lower()]
    try:
        return math.isclose(float(left), float(right))
    except ValueError:
        return left == right
