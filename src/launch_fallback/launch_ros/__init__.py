"""Stands in for ROS 2's launch_ros where only pip is."""

import launch

if not getattr(launch, '__fallback__', False):
    raise ImportError(f"'launch' comes from {launch.__file__}, but launch_ros is the adapt stack's "
                      'fallback: remove adapt-launch-fallback, or source the whole Jazzy')

from launch._refuse import names_of  # noqa: E402

from . import actions, event_handlers, events, parameter_descriptions, substitutions  # noqa: E402

__all__ = ['actions', 'event_handlers', 'events', 'parameter_descriptions', 'substitutions']
__getattr__ = names_of(__name__)
