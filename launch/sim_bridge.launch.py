"""Start a simulated task as a robot: observations, camera, /clock, episodes."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue


def generate_launch_description():
    """Return sim_bridge with its arguments."""
    return LaunchDescription([
        DeclareLaunchArgument('task', default_value='fetch_pick',
                              description='task of the catalogue'),
        DeclareLaunchArgument('mode', default_value='lockstep', choices=['lockstep', 'realtime'],
                              description='lockstep: time waits for every command (repeatable); '
                                          'realtime: the task runs at its own rate'),
        DeclareLaunchArgument('noise_level', default_value='1.25',
                              description='spread of starts and goals; 1 is that of the '
                                          'demonstrations'),
        DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
        Node(
            package='adapt_ros', executable='sim_bridge', name='sim_bridge',
            namespace=LaunchConfiguration('namespace'), output='screen', emulate_tty=True,
            parameters=[{
                'task': ParameterValue(LaunchConfiguration('task'), value_type=str),
                'mode': ParameterValue(LaunchConfiguration('mode'), value_type=str),
                'noise_level': ParameterValue(LaunchConfiguration('noise_level'),
                                              value_type=float),
                'autostart': True,
            }],
            on_exit=Shutdown(reason='sim_bridge ended'),
        ),
    ])
