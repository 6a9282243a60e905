"""Offer the restoration of demonstrations as the action restoration_server/restore."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue


def generate_launch_description():
    """Return restoration_server with its arguments."""
    return LaunchDescription([
        DeclareLaunchArgument('folder', default_value='.',
                              description='folder that holds the datasets; names in goals are '
                                          'below it'),
        DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
        Node(
            package='adapt_ros', executable='restoration_server', name='restoration_server',
            namespace=LaunchConfiguration('namespace'), output='screen', emulate_tty=True,
            parameters=[{
                'folder': ParameterValue(LaunchConfiguration('folder'), value_type=str),
                'autostart': True,
            }],
            on_exit=Shutdown(reason='restoration_server ended'),
        ),
    ])
