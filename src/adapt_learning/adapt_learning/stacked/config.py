"""Configurations: frozen dataclasses made from plain values and `key=value` overrides."""

import dataclasses
import difflib
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import yaml

from adapt_learning.errors import SettingError

C = TypeVar('C')

OPTIMIZERS = ('adamw', 'adam')
_LATER = 'later'
_LARGEST = 2**63
"""Whole numbers stay below it: what computes with them holds no more."""


@dataclasses.dataclass(frozen=True)
class OptimizationConfig:
    """How one stage is optimised; a plain loop refuses what it has no use for (`Training`)."""

    steps: int = 10_000
    """Updates."""
    batch: int = 128
    """Pairs per update and member."""
    optimizer: str = 'adamw'
    """adamw (decay apart from the gradient) or adam (decay in the gradient)."""
    learning_rate: float = 1e-3
    decay: str = 'cosine'
    """Learning rate over all steps: cosine or linear down to 0, or constant."""
    warmup_steps: int = 100
    """The learning rate grows linearly from 0 during so many steps."""
    weight_decay: float = 0.0
    epsilon: float = 1e-8
    """Adam's epsilon; the published policies use 1e-12."""
    gradient_clip: float = 0.0
    """Largest norm of the gradient of one network; 0: no limit. Published: 0.5."""
    ema_decay: float = 0.999
    """Moving average of the weights; the average is what is saved. 0: the last weights."""
    precision: str = 'auto'
    """Of the matmuls; weights and optimiser stay float32. auto: see `stacked.precision`."""
    validate_every: int = 500
    """Steps between two validations (rounded up to whole blocks of the loop)."""
    keep: str = 'last'
    """Which weights are saved: last, or best (lowest validation loss)."""
    patience: int = 0
    """Stop after so many validations without a better one (keep must be best); 0: never."""

    def __post_init__(self):
        for name in ('steps', 'batch', 'validate_every'):
            _require(getattr(self, name) >= 1, f'{name} is at least 1', getattr(self, name))
        for name in ('warmup_steps', 'weight_decay', 'gradient_clip', 'patience'):
            _require(getattr(self, name) >= 0, f'{name} is not negative', getattr(self, name))
        for name in ('learning_rate', 'weight_decay', 'epsilon', 'gradient_clip'):
            value = getattr(self, name)
            _require(math.isfinite(value), f'{name} is finite', value)
        for name in ('learning_rate', 'epsilon'):
            _require(getattr(self, name) > 0, f'{name} is above 0', getattr(self, name))
        _require(0 <= self.ema_decay < 1, 'ema_decay lies in 0..1 (without 1)', self.ema_decay)
        one_of('optimizer', self.optimizer, OPTIMIZERS)
        one_of('decay', self.decay, ('cosine', 'linear', 'constant'))
        one_of('precision', self.precision, ('auto', 'float32', 'bf16'))
        one_of('keep', self.keep, ('last', 'best'))
        _require(self.patience == 0 or self.keep == 'best',
                 "patience goes with keep 'best'", self.keep)


@dataclasses.dataclass(frozen=True)
class NormalizationConfig:
    """Which data are brought to zero mean and unit spread."""

    observation: bool = True
    action: bool = True
    """Both false: as the published AntReach, values go in as they are."""
    std_floor: float = 0.0
    """
    Smallest std that an observation element is divided by [its unit]. Elements that hardly move
    in the demonstrations (finger positions, small angles) are not blown up then.
    """
    clip: float = 10.0
    """Largest magnitude of a normalised element, as published."""

    def __post_init__(self):
        _require(self.std_floor >= 0, 'std_floor is not negative', self.std_floor)
        _require(self.clip > 0, 'clip is above 0', self.clip)


def from_values(kind: type[C], values: Mapping[str, Any], where: str = '') -> C:
    """
    Make a configuration from nested plain values (YAML, JSON); missing keys keep their default.

    SettingError for an unknown key (with the allowed ones) or a value of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise SettingError(f"{where or 'a configuration'} is a mapping of keys to values; got "
                           f'{values!r}')
    hints = typing.get_type_hints(kind)
    arguments = {}
    for key, value in values.items():
        place = f'{where}.{key}' if where else str(key)
        if key not in hints:
            close = difflib.get_close_matches(str(key), hints, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ''
            raise SettingError(
                f"there is no setting '{place}'; allowed here: {', '.join(hints)}.{hint}")
        if dataclasses.is_dataclass(hints[key]):
            arguments[key] = from_values(hints[key], value, place)
        else:
            arguments[key] = _typed(hints[key], value, place)
    try:
        return kind(**arguments)
    except SettingError as error:
        raise SettingError(f'{where}: {error}' if where else str(error)) from None


def to_values(config: Any) -> dict[str, Any]:
    """Return a configuration as nested plain values; `from_values` inverts it."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def later(default: Any) -> Any:
    """
    Return the dataclass field of a setting that came after results had been stored.

    Its default is what was true before, and `naming_values` leaves it out there: results keep their
    names.
    """
    return dataclasses.field(default=default, metadata={_LATER: True})


def naming_values(config: Any) -> dict[str, Any]:
    """Return the values by which results are named: `to_values` without defaults of `later`."""
    values = to_values(config)
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if _LATER in field.metadata and value == field.default:
            del values[field.name]
        elif dataclasses.is_dataclass(value):
            values[field.name] = naming_values(value)
    return values


def with_overrides(values: Mapping[str, Any], overrides: typing.Iterable[str]) -> dict[str, Any]:
    """
    Return nested values with `a.b=c` applied in order; c is read as YAML.

    The input is not changed. Whether the keys exist is checked by `from_values`.
    """
    result = json.loads(json.dumps(dict(values)))
    for text in overrides:
        path, found, value = text.partition('=')
        keys = path.strip().split('.')
        if not found or not all(keys):
            raise SettingError(
                f"a setting is written key=value, as in network.width=128; got '{text}'")
        place = result
        for key in keys[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise SettingError(f"'{key}' in '{path}' is a value and has no settings below it")
        try:
            place[keys[-1]] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise SettingError(f"the value of '{path}' cannot be read: '{value:.60}'") from None
    return result


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise SettingError unless `value` is one of `allowed`."""
    _require(value in allowed, f"{name} is one of {', '.join(allowed)}", value)


def _require(holds: bool, rule: str, got: Any) -> None:
    if not holds:
        raise SettingError(f'{rule}; got {got}')


def _typed(hint: Any, value: Any, place: str) -> Any:
    """Return `value` as `hint`, a plain type, `X | None` or a tuple of one plain type."""
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        inner = [part for part in typing.get_args(hint) if part is not Ellipsis]
        if not isinstance(value, list | tuple) or (
                Ellipsis not in typing.get_args(hint) and len(value) != len(inner)):
            raise SettingError(f"'{place}' is a list like {hint}; got {value!r}")
        return tuple(_typed(inner[min(i, len(inner) - 1)], v, place) for i, v in enumerate(value))
    if hint in (int, float):
        return _number(hint, value, place)
    if hint in (str, bool) and isinstance(value, hint):
        return value
    raise SettingError(f"'{place}' is of type {hint.__name__}; got {value!r:.60}")


def _number(hint: type, value: Any, place: str) -> int | float:
    """Return a number as int or float; neither infinite nor too large."""
    # YAML reads 1e-3 as text; bool is an int for Python, not for people.
    try:
        if isinstance(value, bool) or (hint is int and isinstance(value, str)):
            raise ValueError
        number = float(value)
        if hint is int and not number.is_integer():
            raise ValueError
    except OverflowError:
        number = math.inf  # an int of hundreds of digits, or infinity itself
    except (TypeError, ValueError):
        raise SettingError(f"'{place}' is of type {hint.__name__}; got {value!r:.60}") from None
    if hint is int:
        if not -_LARGEST < number < _LARGEST:
            raise SettingError(f"'{place}' is a whole number below 2^63; got {value!r:.60}")
        return int(value)
    if not math.isfinite(number):
        raise SettingError(f"'{place}' is a finite number; got {value!r:.60}")
    return number
