"""Which ROS 2 this machine has, and what follows for the set-up."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapt_setup.commands import output_of
from adapt_setup.errors import SetupError
from adapt_setup.paths import Paths

DISTRO = 'jazzy'
_PATH_VARIABLES = (
    'PATH', 'PYTHONPATH', 'LD_LIBRARY_PATH', 'AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH',
    'COLCON_PREFIX_PATH', 'PKG_CONFIG_PATH',
)


@dataclass(frozen=True)
class Ros:
    """Where ROS 2 comes from: 'wheels' (PyPI, into the environment) or 'system' (installed)."""

    source: str
    interpreter: str
    """The interpreter that the virtual environment is made of."""
    prefix: str = ''
    """The installed ROS, e.g. /opt/ros/jazzy; empty for the wheels."""

    @property
    def requirement_sets(self) -> tuple[str, ...]:
        """Return the files of requirements/ to install, in this order, one pip run each."""
        return ('torch', f'ros-{self.source} stack dev')

    @property
    def venv_arguments(self) -> tuple[str, ...]:
        """Return the arguments of `python -m venv`."""
        return ('--system-site-packages',) if self.source == 'system' else ()


def clean_environment(paths: Paths, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return an environment without what scripts/env.sh of this checkout has put into it.

    A set-up from a prepared shell then does the same as from a plain one.
    """
    env = dict(environ)
    for name in _PATH_VARIABLES:
        if name not in env:
            continue
        inside = (str(paths.venv), str(paths.install), str(paths.build))
        kept = [p for p in env[name].split(os.pathsep) if p and not p.startswith(inside)]
        if kept:
            env[name] = os.pathsep.join(kept)
        else:
            del env[name]
    env.pop('VIRTUAL_ENV', None)
    env.pop('PYTHONHOME', None)
    env.pop('_ROS_WHEELS_BOOTSTRAP_COMPLETE', None)
    if env.pop('ADAPT_ROS', None) == 'wheels':
        for name in ('ROS_DISTRO', 'ROS_VERSION', 'ROS_PYTHON_VERSION'):
            env.pop(name, None)
    return env


def find_ros(env: Mapping[str, str]) -> Ros:
    """
    Decide for the installed ROS where Jazzy is sourced and works, else for the wheels.

    Raise SetupError where another distribution is sourced, or where Jazzy is and does not work.
    """
    distro = env.get('ROS_DISTRO')
    if not distro:
        if sys.version_info >= (3, 14):
            raise SetupError(
                'ROS 2 Jazzy from PyPI exists for Python 3.11 to 3.13, this is '
                f'{sys.version.split()[0]}: run make with PYTHON=python3.13 (or 3.12, 3.11).'
            )
        return Ros('wheels', sys.executable)
    if distro != DISTRO:
        raise SetupError(
            f'ROS 2 {distro} is sourced in this shell and the stack is made for {DISTRO}: source '
            f'/opt/ros/{DISTRO}/setup.bash, or use a shell without ROS to get it from PyPI.'
        )
    for interpreter in dict.fromkeys((sys.executable, '/usr/bin/python3')):
        if output_of([interpreter, '-c', 'import rclpy'], env) is not None:
            return Ros('system', interpreter, _prefix(env))
    raise SetupError(
        f'ROS_DISTRO={distro} is set but `import rclpy` fails: source the setup.bash of a working '
        'ROS 2 Jazzy, or unset ROS_DISTRO to get it from PyPI.'
    )


def _prefix(env: Mapping[str, str]) -> str:
    """Return the underlay: the last prefix, which has the setup file of the distribution."""
    prefixes = [p for p in env.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    with_setup = [p for p in prefixes if (Path(p) / 'setup.bash').is_file()]
    return (with_setup or prefixes or [''])[-1]
