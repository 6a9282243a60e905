"""FetchPick by DBC: simulation (or a real Fetch), policy and evaluator, each in its own process."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, Shutdown
from launch.conditions import IfCondition
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

ARGUMENTS = [
    DeclareLaunchArgument('episodes', default_value='20', description='episodes to run'),
    DeclareLaunchArgument('noise_level', default_value='1.25',
                          description='spread of starts and goals; 1 is that of the '
                                      'demonstrations'),
    DeclareLaunchArgument('seed', default_value='2000',
                          description='episode i starts from seed + i'),
    DeclareLaunchArgument('mode', default_value='lockstep', choices=['lockstep', 'realtime'],
                          description='lockstep: simulated time waits for every command, so the '
                                      'same seed gives the same run; realtime: at 25 Hz'),
    DeclareLaunchArgument('policy', default_value='fetch_pick_dbc',
                          description='name of a shipped model, or folder of an artifact'),
    DeclareLaunchArgument('contract', default_value='',
                          description='contract file or name of an installed one; empty: '
                                      'fetch_pick in simulation, fetch_robot on the robot'),
    DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
    DeclareLaunchArgument('video', default_value='true', choices=['true', 'false'],
                          description='film the first episodes'),
    DeclareLaunchArgument('report', default_value='out',
                          description='folder for result.json, episodes.mp4 and run.png; none: '
                                      'no report'),
    DeclareLaunchArgument('robot', default_value='sim', choices=['sim', 'real'],
                          description='real: a robot that speaks the contract takes the place of '
                                      'the simulation; nothing is reset, episodes are timed'),
]


def part(name, arguments, condition=None):
    """Return an included launch file of this package."""
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare('adapt_ros'), 'launch', name])),
        launch_arguments=arguments.items(), condition=condition)


def generate_launch_description():
    """Return the whole system."""
    is_sim = EqualsSubstitution(LaunchConfiguration('robot'), 'sim')
    contract = IfElseSubstitution(
        EqualsSubstitution(LaunchConfiguration('contract'), ''),
        IfElseSubstitution(is_sim, 'fetch_pick', 'fetch_robot'),
        LaunchConfiguration('contract'))
    report = IfElseSubstitution(
        EqualsSubstitution(LaunchConfiguration('report'), 'none'), '',
        LaunchConfiguration('report'))
    mode = IfElseSubstitution(is_sim, LaunchConfiguration('mode'), 'realtime')
    namespace = LaunchConfiguration('namespace')
    return LaunchDescription([
        *ARGUMENTS,
        part('sim_bridge.launch.py', {
            'task': 'fetch_pick', 'mode': mode, 'namespace': namespace,
            'noise_level': LaunchConfiguration('noise_level')},
            condition=IfCondition(is_sim)),
        part('policy.launch.py', {
            'task': '', 'policy': LaunchConfiguration('policy'), 'contract': contract,
            'mode': mode, 'use_sim_time': is_sim, 'namespace': namespace}),
        Node(
            package='adapt_ros', executable='evaluator', name='evaluator', namespace=namespace,
            output='screen', emulate_tty=True,
            parameters=[{
                'contract': ParameterValue(contract, value_type=str),
                'episodes': ParameterValue(LaunchConfiguration('episodes'), value_type=int),
                'seed': ParameterValue(LaunchConfiguration('seed'), value_type=int),
                'noise_level': ParameterValue(LaunchConfiguration('noise_level'),
                                              value_type=float),
                'video': ParameterValue(LaunchConfiguration('video'), value_type=bool),
                'report': ParameterValue(report, value_type=str),
                'scene': ParameterValue(IfElseSubstitution(is_sim, 'sim_bridge', ''),
                                        value_type=str),
            }],
            on_exit=Shutdown(reason='the evaluation is over'),
        ),
    ])
