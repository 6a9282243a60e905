"""Events that handlers react to, and a way to pick the process meant."""

from typing import Any, Callable

from .._refuse import names_of
from . import process
from ._event import Event

__all__ = ['Shutdown', 'matches_action', 'process']
__getattr__ = names_of(__name__)


class Shutdown(Event):
    """Everything launched shall come to its end."""

    name = 'launch.events.Shutdown'

    def __init__(self, *, reason: str = 'reason not given', due_to_sigint: bool = False) -> None:
        self.reason = reason
        self.due_to_sigint = due_to_sigint


class Continue(Event):
    """Internal: entities whose time has come (a description to launch, a timer that fired)."""

    def __init__(self, entities: list, locals_: dict) -> None:
        self.entities = entities
        self.locals = locals_


def matches_action(action: Any) -> Callable[[Any], bool]:
    """Return a matcher for the events of one process."""
    return lambda other: other is action
