"""Which key, axis or button does what, for any contract."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapt_learning.errors import SettingError
from adapt_learning.frames import Contract

WORDS = ('stop', 'faster', 'slower', 'begin', 'success', 'failure', 'discard')
"""What else a key or button can mean: stop now, change the speed, and the recorder's orders."""

# One pair (plus, minus) per element, in the order of the contract: first what moves (forward, left,
# up by REP-103 for a velocity), then what is held.
_MOVE_KEYS = ('ws', 'ad', 'rf', 'ik', 'jl', 'yh', 'tg', 'vb')
_HOLD_KEYS = ('eq', 'xz')
_WORD_KEYS = {' ': 'stop', '+': 'faster', '-': 'slower', 'n': 'begin', '1': 'success',
              '2': 'failure', '0': 'discard'}
# As joy_node numbers a common gamepad.
_MOVE_AXES = ('1', '0', '4', '3', '7', '6')
_HOLD_BUTTONS = (('1', '0'),)
_WORD_BUTTONS = {'7': 'begin', '3': 'success', '2': 'failure', '6': 'discard'}
_ENTRY = re.compile(r'(?P<source>space|\S|\d+):(?P<target>[a-z_0-9]+(\.\w+)?)'
                    r'(=(?P<value>[+-]?\d+(\.\d*)?))?')


@dataclass(frozen=True)
class Binding:
    """An element of the action and the value that a key (or a full axis) gives it."""

    index: int
    """Element of the action vector."""
    value: float
    """-1..1 of the action."""
    holds: bool
    """It stays when the key is released (a gripper); otherwise the element goes back to zero."""


Bindings = Mapping[str, Binding | str]
"""By key, axis or button: what it gives, or one of WORDS."""


def keys(contract: Contract, given: str = '') -> dict[str, Binding | str]:
    """Return what every key does; entries of `given` replace or add to the usual ones."""
    usual = dict(_WORD_KEYS)
    usual |= _pairs(contract, _MOVE_KEYS, _HOLD_KEYS)
    return usual | parse(given, contract, 'keys')


def axes(contract: Contract, given: str = '') -> dict[str, Binding | str]:
    """Return what every axis of a joystick does."""
    moves = [b for b in _elements(contract) if not b.holds]
    usual = dict(zip(_MOVE_AXES, moves, strict=False))
    return usual | parse(given, contract, 'axes')


def buttons(contract: Contract, given: str = '') -> dict[str, Binding | str]:
    """Return what every button of a joystick does."""
    usual = dict(_WORD_BUTTONS)
    usual |= _pairs(contract, (), _HOLD_BUTTONS)
    return usual | parse(given, contract, 'buttons')


def parse(text: str, contract: Contract, what: str) -> dict[str, Binding | str]:
    """
    Read entries such as `w:gripper_velocity.x=1 9:stop`, separated by spaces.

    Raises SettingError with what is allowed for an entry of another form.
    """
    labels = list(contract.action_spec.labels)
    elements = _elements(contract)
    found: dict[str, Binding | str] = {}
    for entry in text.split():
        match = _ENTRY.fullmatch(entry)
        value = float(match['value'] or 1.0) if match else 0.0
        if match and match['target'] in WORDS and match['value'] is None:
            meaning: Binding | str = match['target']
        elif match and match['target'] in labels and 0.0 < abs(value) <= 1.0:
            element = elements[labels.index(match['target'])]
            meaning = Binding(element.index, value, element.holds)
        else:
            raise SettingError(
                f"'{entry}' in parameter '{what}' is not of the form KEY:ELEMENT=VALUE or "
                f'KEY:WORD; elements are {", ".join(labels)}, values -1..1 but not 0, words '
                f'{", ".join(WORDS)}')
        found[' ' if match['source'] == 'space' else match['source']] = meaning
    return found


def describe(bindings: Bindings, contract: Contract) -> list[str]:
    """Return one line per element and word, for a help screen."""
    labels = contract.action_spec.labels
    by_index: dict[int, list[tuple[float, str]]] = {}
    words = []
    for key, meaning in bindings.items():
        name = 'space' if key == ' ' else key
        if isinstance(meaning, Binding):
            by_index.setdefault(meaning.index, []).append((meaning.value, name))
        else:
            words.append(f'{name:>7}  {meaning}')
    lines = []
    for index, found in sorted(by_index.items()):
        ordered = sorted(found, reverse=True)
        shown = ' '.join(name for _, name in ordered)
        values = ' '.join(f'{value:+g}' for value, _ in ordered)
        lines.append(f'{shown:>7}  {labels[index]} ({values})')
    return lines + words


def _elements(contract: Contract) -> list[Binding]:
    held = [f.on_stop == 'hold' for f in contract.action for _ in range(f.size)]
    return [Binding(index, 1.0, holds) for index, holds in enumerate(held)]


def _pairs(contract: Contract, move, hold) -> dict[str, Binding | str]:
    """Give the elements their keys; what is left over at the end has none."""
    result: dict[str, Binding | str] = {}
    elements = _elements(contract)
    for names, holds in ((move, False), (hold, True)):
        wanted = [e for e in elements if e.holds == holds]
        for (plus, minus), element in zip(names, wanted, strict=False):
            result[plus] = element
            result[minus] = Binding(element.index, -1.0, holds)
    return result
