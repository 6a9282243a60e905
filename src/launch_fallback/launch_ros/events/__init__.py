"""Events of nodes."""

from typing import Any, Callable

from launch._refuse import names_of

from . import lifecycle

__all__ = ['lifecycle', 'matches_node_name']
__getattr__ = names_of(__name__)


def matches_node_name(node_name: str) -> Callable[[Any], bool]:
    """Return a matcher for nodes of a full name (namespace and name)."""
    whole = node_name if node_name.startswith('/') else '/' + node_name
    return lambda action: action.node_name == whole
