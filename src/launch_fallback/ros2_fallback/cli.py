"""`ros2 launch` and `ros2 run`; for everything else a sentence."""

import argparse
import difflib
import os
import shlex
import sys
from pathlib import Path
from typing import Any, Callable, Optional

VERBS = 'launch and run'
# Names that launch itself gives a meaning, without any launch file declaring them.
WELL_KNOWN = {'sigterm_timeout', 'sigkill_timeout', 'emulate_tty', 'launch-prefix', 'ros_namespace'}


def main(argv: Optional[list[str]] = None) -> int:
    """Run the command; return its exit code."""
    import launch
    if not getattr(launch, '__fallback__', False):
        from ros2cli.cli import main as real_main  # the real one is here: step aside
        return real_main(argv=argv)
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ('-h', '--help'):
        print(f'usage: ros2 VERB ...\n\nThis is the fallback of the adapt stack; it offers: {VERBS}'
              '\n(ros2 VERB --help). A ROS 2 Jazzy installation has the other verbs.')
        return 0
    if argv[0] not in ('launch', 'run'):
        return refuse(f"ros2 {argv[0]}: this is the fallback of the adapt stack, which offers only "
                      f'{VERBS}; a ROS 2 Jazzy installation has the rest, and docs/tools/ros.py of '
                      "the stack's source calls services, sends goals and shows topics", code=2)
    try:
        return launch_verb(argv[1:]) if argv[0] == 'launch' else run_verb(argv[1:])
    except RuntimeError as error:
        return refuse(str(error))


def refuse(sentence: str, code: int = 1) -> int:
    """Say why nothing is done."""
    print(sentence, file=sys.stderr)
    return code


def launch_verb(argv: list[str]) -> int:
    """Launch a file, or show its arguments."""
    parser = argparse.ArgumentParser('ros2 launch', description='Run a launch file.')
    parser.add_argument('package', help='package, or path of a launch file')
    parser.add_argument('file', nargs='?', help='launch file of the package')
    parser.add_argument('arguments', nargs='*', metavar='name:=value')
    parser.add_argument('-s', '--show-args', '--show-arguments', action='store_true',
                        help="show the launch file's arguments")
    parser.add_argument('-d', '--debug', action='store_true', help='say more about what happens')
    parser.add_argument('-n', '--noninteractive', action='store_true',
                        default=not sys.stdin.isatty(), help='there is no terminal')
    parser.add_argument('-a', '--show-all-subprocesses-output', action='store_true',
                        help='show the output of all processes')
    options = parser.parse_args(argv)
    path, words = find_launch_file(options)
    arguments = parse_arguments(words)
    if options.show_all_subprocesses_output:
        os.environ['OVERRIDE_LAUNCH_PROCESS_OUTPUT'] = 'both'
    if options.show_args:
        from .show import show_arguments
        return show_arguments(path)
    from .supervisor import supervised
    return supervised(lambda: do_launch(path, arguments, options))


def find_launch_file(options: argparse.Namespace) -> tuple[str, list[str]]:
    """Return the path of the launch file and the arguments for it."""
    if os.path.isfile(options.package):
        first = [] if options.file is None else [options.file]
        return options.package, first + options.arguments
    from launch_ros.substitutions import package_prefix
    package, name = options.package, options.file
    if name is None:
        what = 'there is no such file' if '/' in package else 'give a package and a launch file'
        raise RuntimeError(f"'{package}' cannot be launched: {what}")
    share = Path(package_prefix(package), 'share', package)
    found = [path for path in sorted(share.rglob('*')) if path.name == name]
    if not found:
        there = sorted(path.name for path in share.rglob('*.launch.py'))
        close = difflib.get_close_matches(name, there, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ''
        raise RuntimeError(f"package '{package}' has no file '{name}' in {share}{hint}")
    if len(found) > 1:
        raise RuntimeError(f"package '{package}' has more than one '{name}': "
                           f"{', '.join(map(str, found))}")
    return str(found[0]), options.arguments


def parse_arguments(words: list[str]) -> dict[str, str]:
    """Return name:=value words as a dictionary; the last of a name counts."""
    arguments = {}
    for word in words:
        name, sign, value = word.partition(':=')
        if not (name and sign and value):
            raise RuntimeError(f"'{word}' is not of the form name:=value")
        arguments[name] = value
    return arguments


def do_launch(path: str, arguments: dict[str, str], options: argparse.Namespace) -> int:
    """Launch a file with its arguments."""
    from launch import LaunchDescription, LaunchService, _log
    from launch.actions import IncludeLaunchDescription
    from launch_ros.parameter_descriptions import remove_temporary_files
    folder = _log.open_file()
    service = LaunchService(argv=[f'{name}:={value}' for name, value in arguments.items()],
                            noninteractive=options.noninteractive, debug=options.debug)
    _log.tell('INFO', 'launch', f'log files are in {folder}')
    included = IncludeLaunchDescription(path, launch_arguments=arguments.items())
    warn_of_unknown(arguments, included, _log.tell)
    service.include_launch_description(LaunchDescription([included]))
    try:
        return service.run()
    finally:
        remove_temporary_files()


def warn_of_unknown(arguments: dict[str, str], included: Any, tell: Callable) -> None:
    """Say which arguments the launch file does not declare (they are used all the same)."""
    from launch import LaunchContext
    try:
        # Loaded once and kept for the launch: a launch file may have side effects.
        description = included.launch_description_source.get_launch_description(LaunchContext())
    except Exception:
        return  # the launch itself will say what is wrong with the file
    known = [argument.name for argument in description.get_launch_arguments()]
    for name in arguments.keys() - set(known) - WELL_KNOWN:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ''
        tell('WARNING', 'launch', f"the launch file declares no argument '{name}'{hint}")


def run_verb(argv: list[str]) -> int:
    """Become an executable of a package: its signals and its exit code are then ours."""
    parser = argparse.ArgumentParser('ros2 run', description='Run an executable of a package.')
    parser.add_argument('--prefix', default='', help='command to put in front')
    parser.add_argument('package')
    parser.add_argument('executable')
    parser.add_argument('arguments', nargs=argparse.REMAINDER)
    options = parser.parse_args(argv)
    from launch_ros.substitutions import package_prefix
    folder = Path(package_prefix(options.package), 'lib', options.package)
    found = [path for path in sorted(folder.rglob(options.executable))
             if path.is_file() and os.access(path, os.X_OK)]
    if len(found) != 1:
        there = f'more than one executable: {", ".join(map(str, found))}' if found else (
            f"no executable '{options.executable}' in {folder}")
        raise RuntimeError(f"package '{options.package}' has {there}")
    command = [*shlex.split(options.prefix), str(found[0]), *options.arguments]
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        raise RuntimeError(f"'{command[0]}' cannot be executed: {error.strerror}") from None


if __name__ == '__main__':
    sys.exit(main())
