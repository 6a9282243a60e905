"""
Start a policy behind its safety rules.

Alone it waits, and moves when a goal of ~/run_policy tells it to. With a task it comes with the
simulation of that task and the evaluator, runs its episodes and ends.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, Shutdown
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import (
    EqualsSubstitution,
    IfElseSubstitution,
    LaunchConfiguration,
    NotEqualsSubstitution,
    PathJoinSubstitution,
)
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = [
    DeclareLaunchArgument('task', default_value='',
                          description='task of the catalogue to be simulated; empty: the robot '
                                      'is there already'),
    DeclareLaunchArgument('policy', default_value='fetch_pick_dbc',
                          description='name of a shipped model, or folder of an artifact; with a '
                                      'task also the name of a policy, as in dbc'),
    DeclareLaunchArgument('contract', default_value='',
                          description='contract file or name of an installed one; empty: that '
                                      "of the task, without one that of the artifact's"),
    DeclareLaunchArgument('mode', default_value='auto', choices=['auto', 'lockstep', 'realtime'],
                          description='lockstep: the simulation waits for every command; '
                                      'realtime: watchdogs on age and deadline are armed; auto: '
                                      'lockstep with a task, else realtime'),
    DeclareLaunchArgument('use_sim_time', default_value='false', choices=['true', 'false'],
                          description='take the time from /clock; always with a task'),
    DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
    DeclareLaunchArgument('episodes', default_value='20',
                          description='with a task: episodes to run'),
    DeclareLaunchArgument('noise_level', default_value='1.0',
                          description='with a task: spread of starts and goals; 1 is that of the '
                                      'demonstrations'),
    DeclareLaunchArgument('seed', default_value='2000',
                          description='with a task: episode i starts from seed + i'),
    DeclareLaunchArgument('video', default_value='true', choices=['true', 'false'],
                          description='with a task: film the first episodes'),
    DeclareLaunchArgument('report', default_value='out',
                          description='with a task: folder for result.json, episodes.mp4 and '
                                      'run.png; none: no report'),
]


def typed(value, value_type):
    """Return a substitution, or the name of an argument, as a parameter of a type."""
    return ParameterValue(LaunchConfiguration(value) if isinstance(value, str) else value,
                          value_type=value_type)


def generate_launch_description():
    """Return policy_node, and around it what a task needs."""
    with_task = NotEqualsSubstitution(LaunchConfiguration('task'), '')
    contract = IfElseSubstitution(
        EqualsSubstitution(LaunchConfiguration('contract'), ''),
        LaunchConfiguration('task'), LaunchConfiguration('contract'))
    mode = IfElseSubstitution(
        EqualsSubstitution(LaunchConfiguration('mode'), 'auto'),
        IfElseSubstitution(with_task, 'lockstep', 'realtime'), LaunchConfiguration('mode'))
    report = IfElseSubstitution(
        EqualsSubstitution(LaunchConfiguration('report'), 'none'), '',
        LaunchConfiguration('report'))
    namespace = LaunchConfiguration('namespace')
    return LaunchDescription([
        *ARGUMENTS,
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(PathJoinSubstitution(
                [FindPackageShare('adapt_ros'), 'launch', 'sim_bridge.launch.py'])),
            launch_arguments={
                'task': LaunchConfiguration('task'), 'mode': mode, 'namespace': namespace,
                'noise_level': LaunchConfiguration('noise_level')}.items(),
            condition=IfCondition(with_task)),
        Node(
            package='adapt_ros', executable='policy_node', name='policy_node',
            namespace=namespace, output='screen', emulate_tty=True,
            parameters=[{
                'artifact': typed('policy', str), 'task': typed('task', str),
                'contract': typed(contract, str),
                'lockstep': typed(EqualsSubstitution(mode, 'lockstep'), bool),
                'use_sim_time': typed(IfElseSubstitution(
                    with_task, 'true', LaunchConfiguration('use_sim_time')), bool),
                'autostart': True,
            }],
            on_exit=Shutdown(reason='policy_node ended'),
        ),
        Node(
            package='adapt_ros', executable='evaluator', name='evaluator', namespace=namespace,
            output='screen', emulate_tty=True, condition=IfCondition(with_task),
            parameters=[{
                'contract': typed(contract, str), 'scene': 'sim_bridge',
                'episodes': typed('episodes', int), 'seed': typed('seed', int),
                'noise_level': typed('noise_level', float), 'video': typed('video', bool),
                'report': typed(report, str),
            }],
            on_exit=Shutdown(reason='the evaluation is over'),
        ),
    ])
