"""Inspect surfaces: one camera, one recipe, triggers by service, action, topic, or every frame."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

ARGUMENTS = [
    DeclareLaunchArgument('recipe', default_value='',
                          description='recipe to begin with: a name below recipes, or the folder '
                                      'of one; empty: none, select or make one while it runs'),
    DeclareLaunchArgument('recipes', default_value='',
                          description='folder of all recipes; empty: where the recipe lies, or '
                                      './recipes'),
    DeclareLaunchArgument('detector', default_value='surface_detector',
                          description='name of a shipped detector, or folder of one'),
    DeclareLaunchArgument('references', default_value='',
                          description='folder of reference pictures for new recipes; empty: they '
                                      'are made from the camera'),
    DeclareLaunchArgument('camera', default_value='camera/image_raw',
                          description='topic of the frames'),
    DeclareLaunchArgument('compressed', default_value='false', choices=['true', 'false'],
                          description='frames are sensor_msgs/CompressedImage'),
    DeclareLaunchArgument('free_run', default_value='false', choices=['true', 'false'],
                          description='inspect every frame; otherwise wait for triggers'),
    DeclareLaunchArgument('frame_timeout', default_value='1.0',
                          description='wait for the frame of a trigger for so long [s]'),
    DeclareLaunchArgument('camera_timeout', default_value='2.0',
                          description='a camera that is silent for so long has stopped [s]; 0: it '
                                      'sends on demand only'),
    DeclareLaunchArgument('archive', default_value='',
                          description='folder in which results are kept; empty: none are'),
    DeclareLaunchArgument('threads', default_value='1', description='threads of the detector'),
    DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
]


def of(name, kind=str):
    """Return an argument as a parameter of this type."""
    return ParameterValue(LaunchConfiguration(name), value_type=kind)


def generate_launch_description():
    """Return inspection_node with its arguments."""
    return LaunchDescription([
        *ARGUMENTS,
        Node(
            package='adapt_ros', executable='inspection_node', name='inspection_node',
            namespace=LaunchConfiguration('namespace'), output='screen', emulate_tty=True,
            parameters=[{
                'recipe': of('recipe'), 'recipes': of('recipes'), 'detector': of('detector'),
                'references': of('references'), 'camera': of('camera'),
                'compressed': of('compressed', bool), 'free_run': of('free_run', bool),
                'frame_timeout': of('frame_timeout', float),
                'camera_timeout': of('camera_timeout', float), 'archive': of('archive'),
                'threads': of('threads', int), 'autostart': True,
            }],
            on_exit=Shutdown(reason='inspection_node ended'),
        ),
    ])
