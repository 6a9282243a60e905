"""A fake ament prefix, and launches in this process or through the ros2 command."""

import os
import subprocess
import sys
import time
import uuid
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / 'src' / 'launch_fallback'


def _find_launch():
    try:
        import launch
    except ImportError:
        launch = None
    if getattr(launch, '__file__', None) is None:  # none, or just a folder of that name
        sys.modules.pop('launch', None)
        sys.path.insert(0, str(SOURCE))
        import launch
    return launch


# Where the real launch is installed it stays in charge, and there is nothing to test here.
if not getattr(_find_launch(), '__fallback__', False):
    collect_ignore_glob = ['test_*.py']


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    """Keep logs in the test's folder, ROS on this host, and put os.environ back afterwards."""
    before = dict(os.environ)
    for name in ('OVERRIDE_LAUNCH_PROCESS_OUTPUT', 'ROS_HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def launched(capfd):
    """Return a function that launches entities in this process: exit code and output lines."""
    from launch import LaunchDescription, LaunchService

    def run(*entities, **configurations):
        service = LaunchService(noninteractive=True)
        service.context.launch_configurations.update(configurations)
        service.include_launch_description(LaunchDescription(entities))
        code = service.run()
        return code, capfd.readouterr().out.splitlines()
    return run


@pytest.fixture
def said(launched):
    """Return a function that launches entities and gives the texts of their LogInfo actions."""
    def run(*entities, **configurations):
        mark = '[INFO] [launch.user]: '
        lines = launched(*entities, **configurations)[1]
        return [line.removeprefix(mark) for line in lines if line.startswith(mark)]
    return run


class Prefix:
    """An ament prefix with one package, 'demo'."""

    def __init__(self, root):
        self.root = root
        self.share, self.lib = root / 'share' / 'demo', root / 'lib' / 'demo'
        index = root / 'share' / 'ament_index' / 'resource_index' / 'packages'
        for folder in (self.share / 'launch', self.lib, index):
            folder.mkdir(parents=True)
        (index / 'demo').touch()

    def launch_file(self, name, entities, before=''):
        """Write a launch file with the given entities."""
        path = self.share / 'launch' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('\n'.join([
            'from launch import LaunchDescription', 'from launch.actions import *',
            'from launch.conditions import *', 'from launch.event_handlers import *',
            'from launch.substitutions import *', 'from launch_ros.actions import *',
            'from launch_ros.substitutions import *', before,
            f'def generate_launch_description(): return LaunchDescription([{entities}])']))
        return path

    def executable(self, name, text):
        """Write an executable of the package."""
        path = self.lib / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """Return a fake ament prefix that the ament index finds."""
    pytest.importorskip('ament_index_python', reason='ament_index_python (ROS wheels) is missing')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'prefix'))
    return Prefix(tmp_path / 'prefix')


class Ros2:
    """The ros2 command in a process of its own."""

    def __init__(self):
        self.mark = f'LAUNCH_FALLBACK_TEST={uuid.uuid4()}'
        name, value = self.mark.split('=')
        path = os.pathsep.join([str(SOURCE), os.environ.get('PYTHONPATH', '')]).rstrip(os.pathsep)
        self.env = dict(os.environ, PYTHONPATH=path, **{name: value})
        self.command = [sys.executable, '-m', 'ros2_fallback.cli']

    def __call__(self, *args):
        """Run it to its end; return the finished process."""
        return subprocess.run([*self.command, *map(str, args)], env=self.env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20)

    def here(self, *args):
        """Run it in this process, which is faster: for what launches nothing."""
        from ros2_fallback.cli import main
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            try:
                code = main([str(arg) for arg in args])
            except SystemExit as end:
                code = end.code
        return subprocess.CompletedProcess(args, code, out.getvalue(), err.getvalue())

    def start(self, *args, **kwargs):
        """Start it; its output can be read line by line."""
        kwargs.setdefault('stdin', subprocess.DEVNULL)
        return subprocess.Popen([*self.command, *map(str, args)], env=self.env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kwargs)

    def left(self):
        """Return what runs of all that was ever started by this command."""
        found = []
        for folder in filter(lambda path: path.name.isdigit(), Path('/proc').iterdir()):
            try:
                if self.mark.encode() in (folder / 'environ').read_bytes():
                    found.append((folder / 'cmdline').read_text().replace('\0', ' '))
            except OSError:
                continue
        return found

    def all_gone(self, within):
        """Wait until nothing is left; return what is left after the time."""
        end = time.monotonic() + within
        while (left := self.left()) and time.monotonic() < end:
            time.sleep(0.02)
        return left


@pytest.fixture
def ros2(environment, prefix):
    """Return the ros2 command; afterwards nothing of it may be left."""
    command = Ros2()
    yield command
    left = command.left()
    assert not left
