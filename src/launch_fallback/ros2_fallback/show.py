"""The text of `ros2 launch ... --show-args`."""

import textwrap

from launch import LaunchContext
from launch._base import described
from launch._service import describe_error
from launch.actions import DeclareLaunchArgument
from launch.launch_description_sources import AnyLaunchDescriptionSource


def show_arguments(path: str) -> int:
    """Print the arguments of a launch file and of the files it includes."""
    try:
        description = AnyLaunchDescriptionSource(path).get_launch_description(LaunchContext())
    except Exception as error:
        raise RuntimeError(describe_error(error)) from None
    arguments = description.declared_arguments()
    if not arguments:
        print('This launch file has no arguments.')
        return 0
    print('Arguments, to be given as name:=value')
    for argument, includes in arguments:
        given = {described(name) for include in includes for name, _ in include.launch_arguments}
        print('\n' + argument_text(argument, argument.name in given))
    if any(argument.conditionally_included for argument, _ in arguments):
        print('\n* depends on other arguments whether this one is used')
    return 0


def argument_text(argument: DeclareLaunchArgument, given: bool) -> str:
    """Return the lines about one argument."""
    lines = [f"{argument.name}{' *' if argument.conditionally_included else ''}"]
    lines += textwrap.wrap(argument.description, 92)
    if argument.choices:
        lines.append(f"choices: {', '.join(argument.choices)}")
    if given:
        lines.append('set by the including launch file')
    elif argument.default_value is None:
        lines.append('required')
    else:
        lines.append(f"default: {described(argument.default_value) or '(empty)'}")
    return '\n    '.join(lines)
