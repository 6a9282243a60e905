"""Stands in for ROS 2's launch where only pip is; offers the part that the adapt stack needs."""

from . import (
    actions,
    conditions,
    event_handlers,
    events,
    launch_description_sources,
    substitutions,
)
from ._base import Action, Condition, LaunchContext, LaunchDescriptionEntity, Substitution
from ._refuse import names_of, refuse_submodules
from ._service import LaunchService
from .event_handlers import EventHandler
from .events import Event
from .launch_description import LaunchDescription
from .launch_description_sources import LaunchDescriptionSource

__all__ = [
    'Action', 'Condition', 'Event', 'EventHandler', 'LaunchContext', 'LaunchDescription',
    'LaunchDescriptionEntity', 'LaunchDescriptionSource', 'LaunchService', 'Substitution',
    'actions', 'conditions', 'event_handlers', 'events', 'launch_description_sources',
    'substitutions',
]
# How the parts of the fallback recognise each other, and the set-up recognises the fallback.
__fallback__ = True
__getattr__ = names_of(__name__)
refuse_submodules()
