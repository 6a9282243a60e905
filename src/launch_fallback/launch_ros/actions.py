"""Actions that run ROS nodes and set names and parameters for them."""

from launch._refuse import names_of

from ._lifecycle import LifecycleNode
from ._node import Node, PushROSNamespace, PushRosNamespace, SetParameter

__all__ = ['LifecycleNode', 'Node', 'PushROSNamespace', 'PushRosNamespace', 'SetParameter']
__getattr__ = names_of(__name__)
