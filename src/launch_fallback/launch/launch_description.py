"""The list of entities that a launch file describes, and the arguments found in it."""

from collections.abc import Iterable, Iterator
from typing import Any, Optional

from ._base import LaunchContext, LaunchDescriptionEntity
from ._refuse import unknown_keywords


class LaunchDescription(LaunchDescriptionEntity):
    """Entities to launch, in their order."""

    def __init__(self, initial_entities: Optional[Iterable[LaunchDescriptionEntity]] = None,
                 **unknown: Any) -> None:
        unknown_keywords(self, unknown)
        self.entities = list(initial_entities or ())

    def add_action(self, action: LaunchDescriptionEntity) -> None:
        """Append an action."""
        self.entities.append(action)

    add_entity = add_action

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        return self.entities

    def sub_entities(self) -> list[LaunchDescriptionEntity]:
        return self.entities

    def declared_arguments(self) -> list[tuple[Any, list]]:
        """
        Return the arguments that can be seen without launching, each with its includes.

        Of arguments of the same name only the first counts.
        """
        found: dict[str, tuple[Any, list]] = {}
        for argument, conditional, includes in _walk(self.entities, False, []):
            if argument.name not in found:
                argument.conditionally_included = conditional
                found[argument.name] = argument, includes
        return list(found.values())

    def get_launch_arguments(self) -> list[Any]:
        """Return the arguments that can be seen without launching."""
        return [argument for argument, _ in self.declared_arguments()]


def _walk(entities: Iterable, conditional: bool, includes: list) -> Iterator[tuple]:
    from .actions import DeclareLaunchArgument, IncludeLaunchDescription
    for entity in entities:
        if isinstance(entity, DeclareLaunchArgument):
            yield entity, conditional or entity.conditional, includes
        around = includes + [entity] * isinstance(entity, IncludeLaunchDescription)
        # As in Jazzy, only the next level inherits 'conditional': an argument that a conditionally
        # included file requires is asked for in any case.
        yield from _walk(entity.sub_entities(), entity.conditional, around)
