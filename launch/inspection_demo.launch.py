"""A simulated line: parts in front of a camera, inspection, and a client that sorts them."""

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

ARGUMENTS = [
    DeclareLaunchArgument('parts', description='folder of pictures: test/good and test/<defect> '
                                               'as in MVTec-AD, or good and <defect>'),
    DeclareLaunchArgument('references', default_value='',
                          description='folder of pictures of good parts, of which the recipe is '
                                      'made; empty: train/good below parts'),
    DeclareLaunchArgument('reference_count', default_value='8',
                          description='the first so many of them'),
    DeclareLaunchArgument('detector', default_value='',
                          description='folder of a detector, or name of a shipped one'),
    DeclareLaunchArgument('recipes', default_value='out/recipes',
                          description="folder of the recipes; the line's is called line"),
    DeclareLaunchArgument('count', default_value='40',
                          description='parts that come; 0: all of the folder'),
    DeclareLaunchArgument('seed', default_value='0', description='order of the parts'),
    DeclareLaunchArgument('trigger', default_value='action', choices=['action', 'service', 'topic'],
                          description='how the client triggers'),
    DeclareLaunchArgument('false_reject', default_value='0.05',
                          description='share of good parts that may be refused, as asked of the '
                                      'recipe'),
    DeclareLaunchArgument('allowed_missed', default_value='1.0',
                          description='exit code 1 if a larger share of defective parts passes'),
    DeclareLaunchArgument('allowed_refused', default_value='1.0',
                          description='exit code 1 if a larger share of good parts is taken out'),
    DeclareLaunchArgument('archive', default_value='',
                          description='folder in which results are kept; empty: none are'),
    DeclareLaunchArgument('report', default_value='out/line.json',
                          description='file for the confusion table and every part; none: no '
                                      'file'),
    DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
]


def of(name, kind=str):
    """Return an argument as a parameter of this type."""
    return ParameterValue(LaunchConfiguration(name), value_type=kind)


def either(name, empty, other):
    """Return the argument, or `other` where it is `empty`."""
    value = LaunchConfiguration(name)
    return IfElseSubstitution(EqualsSubstitution(value, empty), other, value)


def generate_launch_description():
    """Return the whole line; it ends with the client."""
    namespace = LaunchConfiguration('namespace')
    references = either('references', '', PathJoinSubstitution(
        [LaunchConfiguration('parts'), 'train', 'good']))

    def node(name, parameters, reason):
        return Node(
            package='adapt_ros', executable=name, name=name, namespace=namespace, output='screen',
            emulate_tty=True, parameters=[parameters | {'autostart': True}],
            on_exit=Shutdown(reason=reason))

    return LaunchDescription([
        *ARGUMENTS,
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(PathJoinSubstitution(
                [FindPackageShare('adapt_ros'), 'launch', 'inspection.launch.py'])),
            launch_arguments={
                'recipe': '', 'recipes': LaunchConfiguration('recipes'),
                'detector': LaunchConfiguration('detector'), 'references': references,
                'camera': 'camera/image_raw', 'compressed': 'false', 'free_run': 'false',
                'frame_timeout': '5.0', 'camera_timeout': '0.0',
                'archive': LaunchConfiguration('archive'), 'namespace': namespace}.items()),
        node('line_camera', {'parts': of('parts'), 'count': of('count', int),
                             'seed': of('seed', int)}, 'line_camera ended'),
        node('line_client', {
            'references': ParameterValue(references, value_type=str),
            'reference_count': of('reference_count', int),
            'false_reject': of('false_reject', float), 'trigger': of('trigger'),
            'allowed_missed': of('allowed_missed', float),
            'allowed_refused': of('allowed_refused', float),
            'report': ParameterValue(either('report', 'none', ''), value_type=str)},
            'all parts are sorted'),
    ])
