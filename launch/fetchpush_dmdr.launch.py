"""FetchPush by a policy of restored demonstrations: simulation, policy and evaluator."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import (
    EqualsSubstitution,
    IfElseSubstitution,
    LaunchConfiguration,
    PathJoinSubstitution,
)
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

TASK = 'fetch_push'
ARGUMENTS = [
    DeclareLaunchArgument('episodes', default_value='20', description='episodes to run'),
    DeclareLaunchArgument('noise_level', default_value='1.0',
                          description='spread of starts and goals; 1 is that of the '
                                      'demonstrations'),
    DeclareLaunchArgument('seed', default_value='2000',
                          description='episode i starts from seed + i'),
    DeclareLaunchArgument('mode', default_value='lockstep', choices=['lockstep', 'realtime'],
                          description='lockstep: simulated time waits for every command, so the '
                                      'same seed gives the same run; realtime: at 25 Hz'),
    DeclareLaunchArgument('policy', default_value='fetch_push_dmdr',
                          description='name of a shipped model, or folder of an artifact'),
    DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
    DeclareLaunchArgument('video', default_value='true', choices=['true', 'false'],
                          description='film the first episodes'),
    DeclareLaunchArgument('report', default_value='out',
                          description='folder for result.json, episodes.mp4 and run.png; none: '
                                      'no report'),
]


def part(name, arguments):
    """Return an included launch file of this package."""
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare('adapt_ros'), 'launch', name])),
        launch_arguments=arguments.items())


def typed(name, value_type):
    """Return an argument as a parameter of a type."""
    return ParameterValue(LaunchConfiguration(name), value_type=value_type)


def generate_launch_description():
    """Return the whole system."""
    report = IfElseSubstitution(
        EqualsSubstitution(LaunchConfiguration('report'), 'none'), '',
        LaunchConfiguration('report'))
    mode, namespace = LaunchConfiguration('mode'), LaunchConfiguration('namespace')
    return LaunchDescription([
        *ARGUMENTS,
        part('sim_bridge.launch.py', {
            'task': TASK, 'mode': mode, 'namespace': namespace,
            'noise_level': LaunchConfiguration('noise_level')}),
        part('policy.launch.py', {
            'policy': LaunchConfiguration('policy'), 'contract': TASK, 'mode': mode,
            'use_sim_time': 'true', 'namespace': namespace}),
        Node(
            package='adapt_ros', executable='evaluator', name='evaluator', namespace=namespace,
            output='screen', emulate_tty=True,
            parameters=[{
                'contract': TASK, 'scene': 'sim_bridge', 'episodes': typed('episodes', int),
                'seed': typed('seed', int), 'noise_level': typed('noise_level', float),
                'video': typed('video', bool),
                'report': ParameterValue(report, value_type=str),
            }],
            on_exit=Shutdown(reason='the evaluation is over'),
        ),
    ])
