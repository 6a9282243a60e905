"""The ground everything stands on: substitutions, entities, actions, conditions, the context."""

import os
from collections import deque
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, Callable, Optional, Union

import yaml

from ._refuse import unknown_keywords


class Substitution:
    """A piece of text that is known only while launching."""

    def perform(self, context: 'LaunchContext') -> str:
        """Return the text."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return a readable form of the piece for --show-args."""
        return f'$({type(self).__name__})'


class TextSubstitution(Substitution):
    """A piece of plain text."""

    def __init__(self, *, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f'TextSubstitution expected a str for text, got {text!r}')
        self.text = text

    def perform(self, context: 'LaunchContext') -> str:
        return self.text

    def describe(self) -> str:
        return self.text


SomeText = Union[str, Substitution, Iterable[Union[str, Substitution]]]


def pieces(value: SomeText) -> list[Substitution]:
    """Return text, a substitution or a mixed list of them as a list of substitutions."""
    if isinstance(value, (str, Substitution)):
        value = [value]
    if not isinstance(value, Iterable):
        raise TypeError(f'expected text, a substitution or a list of them, got {value!r}')
    result = []
    for item in value:
        if not isinstance(item, (str, Substitution)):
            raise TypeError(f'expected text or a substitution, got {item!r} in {value!r}')
        result.append(TextSubstitution(text=item) if isinstance(item, str) else item)
    return result


def is_text(value: Any) -> bool:
    """Tell whether the value is something that `pieces` turns into one text."""
    if isinstance(value, (str, Substitution)):
        return True
    return (isinstance(value, (list, tuple)) and bool(value)
            and all(isinstance(item, (str, Substitution)) for item in value)
            and any(isinstance(item, Substitution) for item in value))


def text_of(context: 'LaunchContext', value: SomeText) -> str:
    """Perform all pieces of a text and join them."""
    return ''.join(context.perform_substitution(piece) for piece in pieces(value))


def described(value: SomeText) -> str:
    """Return all pieces of a text in their readable form."""
    return ''.join(piece.describe() for piece in pieces(value))


def as_bool(context: 'LaunchContext', value: Union[bool, SomeText]) -> bool:
    """Return a bool given as such or as text by YAML's rules, with 1 and 0 besides."""
    if isinstance(value, bool):
        return value
    text = text_of(context, value)
    try:
        result = yaml.safe_load({'1': 'true', '0': 'false'}.get(text, text))
    except yaml.YAMLError:
        result = None
    if not isinstance(result, bool):
        raise ValueError(f"'{text}' is neither true nor false")
    return result


def as_float(context: 'LaunchContext', value: Union[float, SomeText]) -> float:
    """Return a number given as such or as text."""
    return float(value) if isinstance(value, (int, float)) else float(text_of(context, value))


class LaunchDescriptionEntity:
    """Anything that can be visited; what the visit returns is visited next."""

    # True where it depends on the run whether the entities within are ever reached.
    conditional = False

    def visit(self, context: 'LaunchContext') -> Optional[list['LaunchDescriptionEntity']]:
        """Do the entity's work."""
        raise NotImplementedError

    def sub_entities(self) -> list['LaunchDescriptionEntity']:
        """Return the entities within that are known without launching."""
        return []


class Condition:
    """A question that decides at launch time whether an action is executed."""

    def __init__(self, *, predicate: Optional[Callable[['LaunchContext'], bool]] = None) -> None:
        self._predicate = predicate

    def evaluate(self, context: 'LaunchContext') -> bool:
        """Return the answer; without a predicate it is no."""
        return bool(self._predicate and self._predicate(context))


class Action(LaunchDescriptionEntity):
    """An entity that does something, if its condition holds."""

    def __init__(self, *, condition: Optional[Condition] = None, **unknown: Any) -> None:
        unknown_keywords(self, unknown)
        self.condition = condition
        self.conditional = self.conditional or condition is not None

    def visit(self, context: 'LaunchContext') -> Optional[list[LaunchDescriptionEntity]]:
        if self.condition is None or self.condition.evaluate(context):
            return self.execute(context)
        return None

    def execute(self, context: 'LaunchContext') -> Optional[list[LaunchDescriptionEntity]]:
        """Do the action's work."""
        return None


class LaunchContext:
    """What is known while launching: configurations, environment, handlers, events to come."""

    def __init__(self, *, argv: Iterable[str] = (), noninteractive: bool = False) -> None:
        self.argv = list(argv)
        self.noninteractive = noninteractive
        self.launch_configurations: dict[str, Any] = {}
        self.environment = os.environ
        self.is_shutdown = False
        self.asyncio_loop: Any = None
        self.first_environment = dict(os.environ)
        self.scopes: list[tuple[dict, dict]] = []
        self.handlers: deque = deque()
        self.events: deque = deque()
        self.pending: set = set()
        self.children: list = []
        self.wake: Callable[[], None] = lambda: None
        self._locals: dict[str, Any] = {}

    @property
    def locals(self) -> SimpleNamespace:
        """Return what the event at hand brought along, as attributes (e.g. `locals.event`)."""
        return SimpleNamespace(**self._locals)

    def get_locals_as_dict(self) -> dict[str, Any]:
        """Return a copy of the locals."""
        return dict(self._locals)

    def extend_locals(self, extensions: dict[str, Any]) -> None:
        """Add to the locals until the event at hand is dealt with."""
        self._locals.update(extensions)

    def replace_locals(self, values: dict[str, Any]) -> None:
        """Put back what `get_locals_as_dict` returned."""
        self._locals = dict(values)

    def perform_substitution(self, substitution: Substitution) -> str:
        """Return the text of one substitution."""
        return substitution.perform(self)

    def register_event_handler(self, event_handler: Any, append: bool = False) -> None:
        """Add a handler; the newest is asked first unless appended."""
        self.handlers.append(event_handler) if append else self.handlers.appendleft(event_handler)

    def unregister_event_handler(self, event_handler: Any) -> None:
        """Remove a handler."""
        self.handlers.remove(event_handler)

    def emit_event_sync(self, event: Any) -> None:
        """Queue an event."""
        self.events.append(event)
        self.wake()

    def settle(self, entity: Any) -> None:
        """Note that an entity that kept the launch alive has come to its end."""
        self.pending.discard(entity)
        self.wake()
