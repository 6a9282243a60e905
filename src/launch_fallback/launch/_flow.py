"""Actions that hold others: functions, groups, included launch files, timers."""

import os
from collections.abc import Iterable
from typing import Any, Callable, Optional, Union

from ._base import (
    Action,
    LaunchContext,
    LaunchDescriptionEntity,
    SomeText,
    as_bool,
    as_float,
    described,
    pieces,
    text_of,
)
from ._settings import Entities, SetLaunchConfiguration
from .event_handlers import OnShutdown
from .events import Continue
from .launch_description_sources import AnyLaunchDescriptionSource, LaunchDescriptionSource


class OpaqueFunction(Action):
    """Calls a function with the context; it may return further entities."""

    def __init__(self, *, function: Callable, args: Optional[Iterable[Any]] = None,
                 kwargs: Optional[dict[str, Any]] = None, **rest: Any) -> None:
        super().__init__(**rest)
        if not callable(function):
            raise TypeError(f'OpaqueFunction expected a function, got {function!r}')
        self._call = function, tuple(args or ()), dict(kwargs or {})

    def execute(self, context: LaunchContext) -> Entities:
        function, args, kwargs = self._call
        return function(context, *args, **kwargs)


class GroupAction(Action):
    """Actions whose settings of configurations and environment end with the group."""

    def __init__(self, actions: Iterable[LaunchDescriptionEntity], *, scoped: bool = True,
                 forwarding: bool = True, launch_configurations: Optional[dict] = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._actions = list(actions)
        self._scoped, self._forwarding = scoped, forwarding
        self._configurations = launch_configurations or {}

    def sub_entities(self) -> list[LaunchDescriptionEntity]:
        # Where nothing is forwarded, no argument from outside reaches the inside.
        return self._actions if self._forwarding or not self._scoped else []

    def execute(self, context: LaunchContext) -> Entities:
        if not self._scoped:
            return [OpaqueFunction(function=self._settle), *self._actions]
        return [OpaqueFunction(function=self._enter), *self._actions,
                OpaqueFunction(function=self._leave)]

    def _enter(self, context: LaunchContext) -> None:
        context.scopes.append((dict(context.launch_configurations), dict(os.environ)))
        self._settle(context)

    def _settle(self, context: LaunchContext) -> None:
        given = {text_of(context, name): text_of(context, value)
                 for name, value in self._configurations.items()}
        if self._scoped and not self._forwarding:
            context.launch_configurations.clear()
            _restore_environment(context.first_environment)
        context.launch_configurations.update(given)

    def _leave(self, context: LaunchContext) -> None:
        context.launch_configurations, environment = context.scopes.pop()
        _restore_environment(environment)


def _restore_environment(values: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(values)


class IncludeLaunchDescription(Action):
    """Launches what another launch file describes, with arguments for it."""

    def __init__(self, launch_description_source: Union[LaunchDescriptionSource, SomeText], *,
                 launch_arguments: Optional[Iterable[tuple[SomeText, SomeText]]] = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        source = launch_description_source
        is_source = isinstance(source, LaunchDescriptionSource)
        self.launch_description_source = source if is_source else AnyLaunchDescriptionSource(source)
        self.launch_arguments = tuple(launch_arguments or ())

    def sub_entities(self) -> list[LaunchDescriptionEntity]:
        found = self.launch_description_source.try_get_launch_description_without_context()
        return [] if found is None else [found]

    def execute(self, context: LaunchContext) -> Entities:
        description = self.launch_description_source.get_launch_description(context)
        given = [text_of(context, name) for name, _ in self.launch_arguments]
        for argument, includes in description.declared_arguments():
            for include in includes:
                given += [described(name) for name, _ in include.launch_arguments]
            if (argument.default_value is None and argument.name not in given
                    and not argument.conditionally_included):
                raise RuntimeError(argument.missing())
        return [*(SetLaunchConfiguration(*pair) for pair in self.launch_arguments), description]


class TimerAction(Action):
    """Actions to be executed after a time in seconds."""

    conditional = True

    def __init__(self, *, period: Union[float, SomeText],
                 actions: Iterable[LaunchDescriptionEntity],
                 cancel_on_shutdown: Union[bool, SomeText] = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.period = period if isinstance(period, (int, float)) else pieces(period)
        self.actions = list(actions)
        self._ends_with_shutdown = cancel_on_shutdown
        self._timer: Any = None
        self._canceled = False

    def sub_entities(self) -> list[LaunchDescriptionEntity]:
        return self.actions

    def cancel(self) -> None:
        """Make the timer never fire."""
        self._canceled = True
        if self._timer is not None:
            self._timer[0].cancel()
            self._timer[1].settle(self)

    def execute(self, context: LaunchContext) -> Entities:
        if self._canceled:
            return None
        context.pending.add(self)
        handle = context.asyncio_loop.call_later(
            as_float(context, self.period), self._fire, context, context.get_locals_as_dict())
        self._timer = handle, context
        if as_bool(context, self._ends_with_shutdown):
            context.register_event_handler(
                OnShutdown(on_shutdown=lambda event, context: self.cancel()))
        return None

    def _fire(self, context: LaunchContext, locals_: dict[str, Any]) -> None:
        context.emit_event_sync(Continue(self.actions, locals_))
        context.settle(self)
