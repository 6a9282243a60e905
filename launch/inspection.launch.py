"""
Inspect surfaces: one camera, one recipe, triggers by service, action, topic, or every frame.

Parameters that are no argument come from a file (params_file). What is given as an argument counts
more than the file, and the file more than the default of an argument.
"""

import os

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
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
    DeclareLaunchArgument('params_file', default_value='',
                          description='YAML file of parameters of inspection_node, e.g. a copy of '
                                      'config/nodes/inspection_node.yaml; empty: none'),
    DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
]
# Arguments that are parameters of the node, with its defaults, and their types.
PARAMETERS = {
    'recipe': str, 'recipes': str, 'detector': str, 'references': str, 'camera': str,
    'compressed': bool, 'free_run': bool, 'frame_timeout': float, 'camera_timeout': float,
    'archive': str, 'threads': int,
}


def generate_launch_description():
    """Return inspection_node with its arguments."""
    given = []

    def note_given(context):
        # Before the arguments are declared, which fills in the defaults.
        given[:] = [name for name in PARAMETERS if name in context.launch_configurations]

    def start(context):
        file = LaunchConfiguration('params_file').perform(context)
        path = os.path.expanduser(file)
        if file and not os.path.isfile(path):
            # A node that is started without it would work with other settings than was thought.
            raise RuntimeError(f"params_file: there is no file '{file}'")
        values = {name: ParameterValue(LaunchConfiguration(name), value_type=PARAMETERS[name])
                  for name in given}
        return [Node(
            package='adapt_ros', executable='inspection_node', name='inspection_node',
            namespace=LaunchConfiguration('namespace'), output='screen', emulate_tty=True,
            parameters=[*([path] if file else []), values | {'autostart': True}],
            on_exit=Shutdown(reason='inspection_node ended'),
        )]

    return LaunchDescription([
        OpaqueFunction(function=note_given), *ARGUMENTS, OpaqueFunction(function=start)])
