"""Lifecycle nodes are driven by events (only where rclpy is)."""

import importlib.util

import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec('rclpy') is None,
                                reason='rclpy (ROS wheels) is missing')

NODE = """#!{python}
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode
rclpy.init()
node = LifecycleNode('x')
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""

LAUNCH = """
from launch.events import matches_action
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
node = LifecycleNode(package='demo', executable='lc', name='lc', namespace='ns', output='screen')
def change(number):
    return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node),
                                       transition_id=number))
"""

ENTITIES = """
node, change(1),
RegisterEventHandler(OnStateTransition(target_lifecycle_node=node, start_state='configuring',
                                       goal_state='inactive', entities=[change(3)])),
RegisterEventHandler(OnStateTransition(target_lifecycle_node=node, goal_state='active',
                                       entities=[LogInfo(msg='is active'), Shutdown()]))
"""


def test_a_node_is_configured_and_activated(ros2, prefix):
    ros2.env['ROS_DOMAIN_ID'] = '71'
    prefix.executable('lc', NODE.format(python=ros2.command[0]))
    prefix.launch_file('lc.launch.py', ENTITIES, before=LAUNCH)
    done = ros2('launch', 'demo', 'lc.launch.py')
    assert 'is active' in done.stdout
    assert done.returncode == 0
