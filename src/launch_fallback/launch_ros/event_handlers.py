"""The handler of lifecycle nodes' state changes."""

from launch._refuse import names_of

from ._lifecycle import OnStateTransition

__all__ = ['OnStateTransition']
__getattr__ = names_of(__name__)
