"""A checkout in a temporary folder, whose set-up runs no real program."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from adapt_setup import rendering, steps, system
from adapt_setup.paths import Paths
from adapt_setup.ros import Ros
from adapt_setup.steps import SetUp

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Return a checkout with requirements and package files, nothing set up."""
    shutil.copytree(REPOSITORY / 'requirements', tmp_path / 'requirements')
    for package in ('adapt_msgs', 'adapt_learning', 'adapt_ros'):
        folder = tmp_path / 'src' / package
        folder.mkdir(parents=True)
        shutil.copy(REPOSITORY / 'src' / package / 'package.xml', folder)
    for name in ('launch', 'config', 'models'):
        (tmp_path / name).mkdir()
    fallback = tmp_path / 'src' / 'launch_fallback'
    fallback.mkdir()
    (fallback / 'pyproject.toml').write_text('[project]\n')
    (tmp_path / 'colcon.meta').write_text('{}')
    return Paths(tmp_path)


class Machine:
    """Stands in for the programs: keeps what was run, and leaves the files they would leave."""

    def __init__(self, paths: Paths):
        self.paths = paths
        self.commands: list[str] = []
        self.dies_at = ''

    def run(self, command, log, env=None, cwd=None):
        line = ' '.join(str(word) for word in command)
        self.commands.append(line)
        if self.dies_at and self.dies_at in line:
            raise KeyboardInterrupt
        if ' -m venv ' in line:
            (self.paths.venv / 'bin').mkdir(parents=True)
            self.paths.python.symlink_to(sys.executable)
            (self.paths.venv / 'lib' / 'python3.11' / 'site-packages').mkdir(parents=True)
        if ' -m colcon ' in line:
            self.paths.install.mkdir(exist_ok=True)
            (self.paths.install / 'local_setup.bash').touch()
            for package in ('adapt_learning', 'adapt_ros'):
                folder = self.paths.install / package / 'lib' / 'python3.11' / 'site-packages'
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f'{package}.egg-link').touch()

    def set_up(self, ros: Ros) -> list[str]:
        """Return the commands that a set-up runs now."""
        self.commands.clear()
        SetUp(self.paths, ros, dict(os.environ)).run()
        return list(self.commands)


@pytest.fixture
def machine(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(paths)
    monkeypatch.setattr(steps, 'run', machine.run)
    monkeypatch.setattr(steps, 'output_of', lambda command, env=None: _answer(command))
    monkeypatch.setattr(system, 'missing_build_packages', lambda *_: [])
    monkeypatch.setattr(rendering, 'choose', lambda *_: 'egl')
    return machine


def _answer(command) -> str | None:
    return 'Python 3.11.7' if Path(command[0]).exists() else None


@pytest.fixture
def wheels_ros() -> Ros:
    return Ros('wheels', sys.executable)


@pytest.fixture
def system_ros() -> Ros:
    return Ros('system', sys.executable, '/opt/ros/jazzy')
