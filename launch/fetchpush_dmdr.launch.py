"""FetchPush by a policy of restored demonstrations: simulation, policy and evaluator."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

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


def generate_launch_description():
    """Return the whole system: policy.launch.py with its task."""
    return LaunchDescription([
        *ARGUMENTS,
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(PathJoinSubstitution(
                [FindPackageShare('adapt_ros'), 'launch', 'policy.launch.py'])),
            launch_arguments={'task': 'fetch_push', **{
                argument.name: LaunchConfiguration(argument.name)
                for argument in ARGUMENTS}}.items()),
    ])
