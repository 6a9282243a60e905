"""Actions that declare, set, tell, register and emit."""

from typing import Any, Optional

from . import _log
from ._base import Action, LaunchContext, LaunchDescriptionEntity, SomeText, pieces, text_of
from .events import Event
from .events import Shutdown as ShutdownEvent
from .events.process import ProcessExited

Entities = Optional[list[LaunchDescriptionEntity]]


class DeclareLaunchArgument(Action):
    """An argument of the launch file, with its default, its description and its choices."""

    def __init__(self, name: str, *, default_value: Optional[SomeText] = None,
                 description: Optional[str] = None, choices: Optional[list[str]] = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.default_value = None if default_value is None else pieces(default_value)
        self.description = description or ''
        self.choices = choices
        if choices is not None and not choices:
            raise RuntimeError(f"launch argument '{name}': choices is empty")
        if choices and isinstance(default_value, str) and default_value not in choices:
            raise RuntimeError(f"launch argument '{name}': the default '{default_value}' is not "
                               f"one of {', '.join(choices)}")

    def execute(self, context: LaunchContext) -> Entities:
        values = context.launch_configurations
        if self.name not in values:
            if self.default_value is None:
                raise RuntimeError(self.missing())
            values[self.name] = text_of(context, self.default_value)
        if self.choices and values[self.name] not in self.choices:
            raise RuntimeError(f"launch argument '{self.name}' cannot be '{values[self.name]}'; "
                               f"choose one of {', '.join(self.choices)}")
        return None

    def missing(self) -> str:
        """Return the sentence for an argument that has neither value nor default."""
        about = f' ({self.description})' if self.description else ''
        return f"launch argument '{self.name}'{about} is required: give {self.name}:=VALUE"


class _Set(Action):
    """Something that gets a name and a value."""

    def __init__(self, name: SomeText, value: SomeText, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name, self.value = pieces(name), pieces(value)


class SetLaunchConfiguration(_Set):
    """Sets a launch configuration until the end of the group."""

    def execute(self, context: LaunchContext) -> Entities:
        context.launch_configurations[text_of(context, self.name)] = text_of(context, self.value)
        return None


class SetEnvironmentVariable(_Set):
    """Sets an environment variable until the end of the group."""

    def execute(self, context: LaunchContext) -> Entities:
        context.environment[text_of(context, self.name)] = text_of(context, self.value)
        return None


class LogInfo(Action):
    """Tells something."""

    def __init__(self, *, msg: SomeText, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.msg = pieces(msg)

    def execute(self, context: LaunchContext) -> Entities:
        _log.tell('INFO', 'launch.user', text_of(context, self.msg))
        return None


class EmitEvent(Action):
    """Emits an event."""

    def __init__(self, *, event: Event, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(event, Event):
            raise RuntimeError(f'EmitEvent expected an event, got {event!r}')
        self.event = event

    def execute(self, context: LaunchContext) -> Entities:
        context.emit_event_sync(self.event)
        return None


class Shutdown(EmitEvent):
    """Ends everything launched."""

    def __init__(self, *, reason: str = 'reason not given', **kwargs: Any) -> None:
        super().__init__(event=ShutdownEvent(reason=reason), **kwargs)

    def execute(self, context: LaunchContext) -> Entities:
        event = context.get_locals_as_dict().get('event')
        if isinstance(event, ProcessExited):
            _log.tell('INFO', 'launch', f'{event.process_name} has ended and the launch needs it: '
                                        'shutting down')
        return super().execute(context)


class RegisterEventHandler(Action):
    """Registers an event handler."""

    conditional = True

    def __init__(self, event_handler: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.event_handler = event_handler

    def sub_entities(self) -> list[LaunchDescriptionEntity]:
        return self.event_handler.entities

    def execute(self, context: LaunchContext) -> Entities:
        context.register_event_handler(self.event_handler)
        return None
