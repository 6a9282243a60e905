"""Conditions of actions: true, false, or a launch configuration that has a value."""

from typing import Optional

from ._base import Condition, LaunchContext, SomeText, pieces, text_of
from ._refuse import names_of

__all__ = [
    'IfCondition', 'LaunchConfigurationEquals', 'LaunchConfigurationNotEquals',
    'UnlessCondition',
]
__getattr__ = names_of(__name__)


def truth(context: LaunchContext, expression: SomeText) -> bool:
    """Return what an expression says: true, false, 1 or 0, nothing else."""
    text = text_of(context, expression).strip().lower()
    if text in ('true', '1'):
        return True
    if text in ('false', '0'):
        return False
    raise RuntimeError(f"a condition must be true, false, 1 or 0, not '{text}'")


class IfCondition(Condition):
    """Holds if the expression is true."""

    def __init__(self, predicate_expression: SomeText) -> None:
        expression = pieces(predicate_expression)
        super().__init__(predicate=lambda context: truth(context, expression))


class UnlessCondition(Condition):
    """Holds if the expression is false."""

    def __init__(self, predicate_expression: SomeText) -> None:
        expression = pieces(predicate_expression)
        super().__init__(predicate=lambda context: not truth(context, expression))


class LaunchConfigurationEquals(Condition):
    """Holds if a configuration has the value; None stands for 'is not set'."""

    def __init__(self, launch_configuration_name: str, expected_value: Optional[SomeText]) -> None:
        self._name = launch_configuration_name
        self._expected = None if expected_value is None else pieces(expected_value)
        super().__init__(predicate=self._equal)

    def _equal(self, context: LaunchContext) -> bool:
        expected = None if self._expected is None else text_of(context, self._expected)
        return context.launch_configurations.get(self._name) == expected


class LaunchConfigurationNotEquals(LaunchConfigurationEquals):
    """Holds if a configuration has another value; with None: if it is set."""

    def _equal(self, context: LaunchContext) -> bool:
        return not super()._equal(context)
