"""A simulated line: parts in front of a camera, inspection, and a client that sorts them."""

import os

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetLaunchConfiguration,
    Shutdown,
)
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
    DeclareLaunchArgument('parts', default_value='generated:leather_3',
                          description='a surface that is drawn, generated:FAMILY_SEED; or a '
                                      'folder of pictures: test/good and test/<defect> as in '
                                      'MVTec-AD, or good and <defect>'),
    DeclareLaunchArgument('defective_share', default_value='0.5',
                          description='share of defective parts among generated ones'),
    DeclareLaunchArgument('references', default_value='',
                          description='folder of pictures of good parts, of which the recipe is '
                                      'made; empty: train/good below parts, or generated ones '
                                      'below out/references'),
    DeclareLaunchArgument('reference_count', default_value='8',
                          description='the first so many of them'),
    DeclareLaunchArgument('detector', default_value='surface_detector',
                          description='name of a shipped detector, or folder of one'),
    DeclareLaunchArgument('recipes', default_value='out/recipes',
                          description="folder of the recipes; the line's is called line"),
    DeclareLaunchArgument('count', default_value='40',
                          description='parts that come; 0: all of the folder, or a million '
                                      'generated ones'),
    DeclareLaunchArgument('seed', default_value='0',
                          description='order of the parts, and which ones are generated'),
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


def place_references(context):
    """Say where the references lie, and where the line writes them (`drawn`; empty: nowhere)."""
    parts, references = (LaunchConfiguration(name).perform(context)
                         for name in ('parts', 'references'))
    surface = parts.removeprefix('generated:')
    drawn = '' if references or surface == parts else os.path.join('out', 'references', surface)
    return [SetLaunchConfiguration('drawn', drawn),
            SetLaunchConfiguration(
                'references', references or os.path.join(drawn or parts, 'train', 'good'))]


def generate_launch_description():
    """Return the whole line; it ends with the client."""
    namespace = LaunchConfiguration('namespace')
    report = LaunchConfiguration('report')

    def node(name, parameters, reason):
        return Node(
            package='adapt_ros', executable=name, name=name, namespace=namespace, output='screen',
            emulate_tty=True, parameters=[parameters | {'autostart': True}],
            on_exit=Shutdown(reason=reason))

    return LaunchDescription([
        *ARGUMENTS,
        OpaqueFunction(function=place_references),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(PathJoinSubstitution(
                [FindPackageShare('adapt_ros'), 'launch', 'inspection.launch.py'])),
            launch_arguments={
                'recipe': '', 'recipes': LaunchConfiguration('recipes'),
                'detector': LaunchConfiguration('detector'),
                'references': LaunchConfiguration('references'),
                'camera': 'camera/image_raw', 'compressed': 'false', 'free_run': 'false',
                'frame_timeout': '5.0', 'camera_timeout': '0.0',
                'archive': LaunchConfiguration('archive'), 'namespace': namespace}.items()),
        node('line_camera', {
            'parts': of('parts'), 'count': of('count', int), 'seed': of('seed', int),
            'defective_share': of('defective_share', float), 'references': of('drawn'),
            'reference_count': of('reference_count', int)}, 'line_camera ended'),
        node('line_client', {
            'references': of('references'),
            'reference_count': of('reference_count', int),
            'false_reject': of('false_reject', float), 'trigger': of('trigger'),
            'allowed_missed': of('allowed_missed', float),
            'allowed_refused': of('allowed_refused', float),
            'report': ParameterValue(
                IfElseSubstitution(EqualsSubstitution(report, 'none'), '', report),
                value_type=str)}, 'all parts are sorted'),
    ])
