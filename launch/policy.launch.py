"""Start a policy behind its safety rules; it moves when a goal of ~/run_policy tells it to."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.substitutions import EqualsSubstitution, LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue


def generate_launch_description():
    """Return policy_node with its arguments."""
    return LaunchDescription([
        DeclareLaunchArgument('policy', default_value='fetch_pick_dbc',
                              description='name of a shipped model, or folder of an artifact'),
        DeclareLaunchArgument('contract', default_value='',
                              description='contract file or name of an installed one; empty: the '
                                          "contract of the artifact's task"),
        DeclareLaunchArgument('mode', default_value='realtime', choices=['lockstep', 'realtime'],
                              description='lockstep: the simulation waits for every command; '
                                          'realtime: watchdogs on age and deadline are armed'),
        DeclareLaunchArgument('use_sim_time', default_value='false', choices=['true', 'false'],
                              description='take the time from /clock'),
        DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
        Node(
            package='adapt_ros', executable='policy_node', name='policy_node',
            namespace=LaunchConfiguration('namespace'), output='screen', emulate_tty=True,
            parameters=[{
                'artifact': ParameterValue(LaunchConfiguration('policy'), value_type=str),
                'contract': ParameterValue(LaunchConfiguration('contract'), value_type=str),
                'lockstep': ParameterValue(
                    EqualsSubstitution(LaunchConfiguration('mode'), 'lockstep'),
                    value_type=bool),
                'use_sim_time': ParameterValue(LaunchConfiguration('use_sim_time'),
                                               value_type=bool),
                'autostart': True,
            }],
            on_exit=Shutdown(reason='policy_node ended'),
        ),
    ])
