"""Events of nodes."""

from launch._refuse import names_of

from . import lifecycle

__all__ = ['lifecycle']
__getattr__ = names_of(__name__)
