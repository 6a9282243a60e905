"""ROS parameters from one frozen dataclass per node.

The dataclass is the only place where a parameter has a default, a description, a unit and a
range; declaring, checking at start-up, checking at run time and the descriptor that
`ros2 param describe` shows are derived from it.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from adapt_learning.errors import SettingError


@dataclass(frozen=True)
class Range:
    """Allowed values of a number, both ends included."""

    low: float
    high: float


def parameter(default: Any, description: str, *, unit: str = '', within: Range | None = None,
              one_of: tuple[str, ...] = (), read_only: bool = True) -> Any:
    """Return a dataclass field that is a ROS parameter; `read_only` ones are fixed at start."""
    return field(default=default, metadata={
        'description': description + (f' [{unit}]' if unit else ''),
        'within': within, 'one_of': one_of, 'read_only': read_only})


def declare(node: Node, kind: type) -> Any:
    """
    Declare every parameter of the dataclass `kind` and return an instance with their values.

    Raises SettingError with one sentence for a value of the wrong type or out of its range.
    """
    values = {}
    for item in fields(kind):
        try:
            value = node.declare_parameter(item.name, item.default, _descriptor(item)).value
        except InvalidParameterTypeException as error:
            raise SettingError(f"parameter '{item.name}' of {node.get_name()} must be "
                               f'{type(item.default).__name__}; {error}') from error
        except InvalidParameterValueException as error:
            raise SettingError(f"parameter '{item.name}' of {node.get_name()}: {error}") from error
        problem = _problem(item, value)
        if problem:
            raise SettingError(f'{node.get_name()}: {problem}')
        values[item.name] = value
    by_name = {item.name: item for item in fields(kind)}

    def check(changes):
        for change in changes:
            problem = change.name in by_name and _problem(by_name[change.name], change.value)
            if problem:
                return SetParametersResult(successful=False, reason=problem)
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(check)
    return kind(**values)


def _descriptor(item) -> ParameterDescriptor:
    meta = item.metadata
    descriptor = ParameterDescriptor(description=meta['description'], read_only=meta['read_only'])
    if meta['one_of']:
        descriptor.additional_constraints = f'one of {", ".join(meta["one_of"])}'
    if meta['within'] and isinstance(item.default, float):
        descriptor.floating_point_range = [FloatingPointRange(
            from_value=float(meta['within'].low), to_value=float(meta['within'].high))]
    elif meta['within']:
        descriptor.integer_range = [IntegerRange(
            from_value=int(meta['within'].low), to_value=int(meta['within'].high), step=1)]
    return descriptor


def _problem(item, value) -> str:
    meta = item.metadata
    if meta['one_of'] and value not in meta['one_of']:
        return (f"parameter '{item.name}' is one of {', '.join(meta['one_of'])}; got '{value}'")
    if meta['within'] and not meta['within'].low <= value <= meta['within'].high:
        return (f"parameter '{item.name}' lies in {meta['within'].low}..{meta['within'].high}; "
                f'got {value}')
    return ''
