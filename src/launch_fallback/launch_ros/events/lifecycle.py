"""Events of lifecycle nodes."""

from launch._refuse import names_of

from .._lifecycle import ChangeState, StateTransition

__all__ = ['ChangeState', 'StateTransition']
__getattr__ = names_of(__name__)
