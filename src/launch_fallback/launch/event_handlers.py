"""Handlers: what to do when a process starts or exits, or when all is shut down."""

from collections.abc import Iterable
from typing import Any, Callable, Optional

from ._base import LaunchContext, LaunchDescriptionEntity
from ._refuse import names_of, unknown_keywords
from .events import Event, Shutdown
from .events.process import ProcessExited, ProcessStarted

__all__ = ['OnProcessExit', 'OnProcessStart', 'OnShutdown']
__getattr__ = names_of(__name__)


def as_entities(value: Any) -> list[LaunchDescriptionEntity]:
    """Return None, one entity or several as a list."""
    found = [] if value is None else list(value) if isinstance(value, Iterable) else [value]
    for entity in found:
        if not isinstance(entity, LaunchDescriptionEntity):
            raise TypeError(f'expected actions, got {entity!r}')
    return found


class EventHandler:
    """Answers the events that its matcher picks with entities to visit."""

    def __init__(self, *, matcher: Callable[[Event], bool], entities: Any = None,
                 handle_once: bool = False, **unknown: Any) -> None:
        unknown_keywords(self, unknown)
        self.matches = matcher
        # A function cannot be looked into before it is called; anything else is checked now.
        self._answer = entities if callable(entities) else None
        self.entities = [] if callable(entities) else as_entities(entities)
        self.handle_once = handle_once

    def handle(self, event: Event, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Return the entities to visit for an event."""
        context.extend_locals({'event': event})
        if self.handle_once:
            context.unregister_event_handler(self)
        return as_entities(self._answer(event, context)) if self._answer else self.entities


class _OnProcess(EventHandler):
    """Answers one kind of event of one action, of those a function picks, or of all."""

    kind: type = Event

    def __init__(self, *, target_action: Any, answer: Any, **kwargs: Any) -> None:
        from .actions import ExecuteProcess
        if not (target_action is None or callable(target_action)
                or isinstance(target_action, ExecuteProcess)):
            raise TypeError(f'target_action must be a process or a function: {target_action!r}')
        super().__init__(matcher=self._is_meant, entities=answer, **kwargs)
        self._target = target_action

    def _is_meant(self, event: Event) -> bool:
        if not isinstance(event, self.kind):
            return False
        if self._target is None:
            return True
        return self._target(event.action) if callable(self._target) else (
            event.action is self._target)


class OnProcessExit(_OnProcess):
    """Answers the end of a process."""

    kind = ProcessExited

    def __init__(self, *, on_exit: Any, target_action: Any = None, **kwargs: Any) -> None:
        super().__init__(target_action=target_action, answer=on_exit, **kwargs)


class OnProcessStart(_OnProcess):
    """Answers the start of a process."""

    kind = ProcessStarted

    def __init__(self, *, on_start: Any, target_action: Any = None, **kwargs: Any) -> None:
        super().__init__(target_action=target_action, answer=on_start, **kwargs)


class OnShutdown(EventHandler):
    """Answers the shutdown of the whole launch."""

    def __init__(self, *, on_shutdown: Optional[Any], **kwargs: Any) -> None:
        super().__init__(matcher=lambda event: isinstance(event, Shutdown),
                         entities=on_shutdown, **kwargs)
