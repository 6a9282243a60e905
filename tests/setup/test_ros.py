"""Which ROS 2 is used: the sourced Jazzy, else the wheels; anything else is refused in words."""

import os
import sys

import pytest

from adapt_setup.errors import SetupError
from adapt_setup.paths import Paths
from adapt_setup.ros import clean_environment, find_ros


@pytest.fixture
def plain(monkeypatch) -> dict[str, str]:
    """Return an environment without any ROS."""
    return {'PATH': os.environ['PATH'], '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'}


def sourced(plain, prefix, body: str) -> dict[str, str]:
    """Return an environment in which a ROS 2 of one file is sourced."""
    package = prefix / 'python' / 'rclpy'
    package.mkdir(parents=True)
    (package / '__init__.py').write_text(body)
    (prefix / 'setup.bash').touch()
    return {
        **plain, 'ROS_DISTRO': 'jazzy', 'AMENT_PREFIX_PATH': str(prefix),
        'PYTHONPATH': str(prefix / 'python'),
    }


def test_without_ros_the_wheels(plain):
    ros = find_ros(plain)
    assert (ros.source, ros.interpreter) == ('wheels', sys.executable)


def test_sourced_jazzy_is_used(plain, tmp_path):
    ros = find_ros(sourced(plain, tmp_path, ''))
    assert (ros.source, ros.prefix) == ('system', str(tmp_path))
    assert ros.venv_arguments == ('--system-site-packages',)
    assert ros.requirement_sets == ('torch', 'ros-system stack dev')


def test_broken_jazzy_is_refused(plain, tmp_path):
    with pytest.raises(SetupError, match='import rclpy.*fails'):
        find_ros(sourced(plain, tmp_path, 'raise ImportError'))


def test_other_distribution_is_refused(plain):
    with pytest.raises(SetupError, match='ROS 2 humble is sourced'):
        find_ros({**plain, 'ROS_DISTRO': 'humble'})


def test_prepared_shell_counts_as_plain_one(tmp_path):
    paths = Paths(tmp_path)
    env = clean_environment(paths, {
        'PATH': f'{paths.venv}/bin:/usr/bin',
        'AMENT_PREFIX_PATH': f'{paths.install}/a:{paths.venv}',
        'ROS_DISTRO': 'jazzy', 'ADAPT_ROS': 'wheels', 'VIRTUAL_ENV': str(paths.venv), 'HOME': '/h',
    })
    assert env == {'PATH': '/usr/bin', 'HOME': '/h'}


def test_prepared_shell_beside_installed_ros_keeps_it(tmp_path):
    paths = Paths(tmp_path)
    env = clean_environment(paths, {
        'PATH': '/usr/bin', 'AMENT_PREFIX_PATH': f'{paths.install}/a:/opt/ros/jazzy',
        'ROS_DISTRO': 'jazzy', 'ADAPT_ROS': 'system',
    })
    assert env['AMENT_PREFIX_PATH'] == '/opt/ros/jazzy' and env['ROS_DISTRO'] == 'jazzy'
