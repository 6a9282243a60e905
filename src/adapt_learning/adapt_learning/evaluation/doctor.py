"""What works on this machine: every probe is a small function that returns findings.

Whatever could crash or hang (OpenGL, the middleware) is tried in a process of its own.
"""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

OK, OPTIONAL, MISSING = 'ok', 'optional', 'missing'
"""States: works; does not, and only some features need it; does not, and is needed."""

_PROBE_S = 60
_NEEDED = ('numpy', 'pyarrow', 'pydantic', 'PyYAML', 'typer', 'rich', 'safetensors',
           'onnxruntime', 'gymnasium', 'gymnasium-robotics', 'mujoco', 'scipy', 'matplotlib',
           'av', 'opencv-python-headless')
_OPTIONAL = ('torch', 'diffusers', 'onnx', 'joblib', 'tensorboard')
_SAME = {'opencv-python-headless': ('opencv-python', 'opencv-contrib-python')}
"""Distributions that give the same module."""
_DISK_GB = 2.0

_RENDER = """
from adapt_learning.evaluation.simulation import prepare
prepare()
import mujoco
model = mujoco.MjModel.from_xml_string(
    '<mujoco><worldbody><light pos="0 0 3"/><geom size="1"/></worldbody></mujoco>')
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 48, 64) as renderer:
    renderer.update_scene(data)
    picture = renderer.render()
assert picture.max() > 0, 'the picture is black'
import os
print(os.environ.get('MUJOCO_GL', 'the default'))
"""

_ROS = """
import time
import rclpy
from rclpy.utilities import get_rmw_implementation_identifier
from std_msgs.msg import String
rclpy.init()
node = rclpy.create_node('adapt_doctor')
got = []
node.create_subscription(String, '~/echo', lambda message: got.append(message.data), 1)
publisher = node.create_publisher(String, '~/echo', 1)
end = time.monotonic() + 10
while not got and time.monotonic() < end:
    publisher.publish(String(data='hello'))
    rclpy.spin_once(node, timeout_sec=0.1)
node.destroy_node()
rclpy.shutdown()
assert got, 'a message that was published here did not come back within 10 s'
print(get_rmw_implementation_identifier())
"""


@dataclass(frozen=True)
class Finding:
    """What one probe found."""

    name: str
    state: str
    detail: str
    mend: str = ''
    """The command that mends it; empty where nothing is wrong."""


def examine(render: bool = True, ros: bool = True, folder: Path | None = None) -> list[Finding]:
    """Run all probes; `folder` is where results will be written (default: the current one)."""
    folder = folder or Path.cwd()
    findings = [_python(), *_packages(_NEEDED, MISSING), *_packages(_OPTIONAL, OPTIONAL)]
    if render:
        findings.append(_rendering())
    if ros:
        findings.append(_middleware())
    return [*findings, _writing(folder), _disk(folder)]


def _python() -> Finding:
    version = platform.python_version()
    detail = f'{version} on {platform.platform()}, {os.cpu_count()} cores'
    return Finding('python', OK, detail)


def _packages(names: tuple[str, ...], state: str) -> list[Finding]:
    findings = []
    for name in names:
        version = next(filter(None, map(_version, (name, *_SAME.get(name, ())))), None)
        if version is None:
            findings.append(Finding(name, state, 'is not installed',
                                    f'{sys.executable} -m pip install {name}'))
        else:
            findings.append(Finding(name, OK, version))
    return findings


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _rendering() -> Finding:
    worked, text = _probe(_RENDER)
    if worked:
        return Finding('rendering', OK, f'MuJoCo renders with {text}')
    return Finding('rendering', OPTIONAL, f'no camera pictures, no videos: {text}',
                   'apt-get install libegl1 libgl1 libopengl0')


def _middleware() -> Finding:
    if not _can_import('rclpy'):
        return Finding('ROS 2', OPTIONAL, 'rclpy is not installed; needed on robots and for '
                       'ros2 launch', 'make demo, or source a ROS 2 Jazzy installation')
    worked, text = _probe(_ROS)
    if worked:
        return Finding('ROS 2', OK, f'a message went round over {text}')
    return Finding('ROS 2', MISSING, text, 'allow UDP on the loopback interface and set '
                   'ROS_DOMAIN_ID to a free number (0..101)')


def _can_import(module: str) -> bool:
    return _probe(f'import {module}')[0]


def _writing(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding('write permission', MISSING, f'{folder}: {error.strerror}',
                       f'chmod u+w {folder}, or change to a folder of your own')
    return Finding('write permission', OK, str(folder))


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free / 1e9
    if free < _DISK_GB:
        return Finding('disk space', MISSING, f'{free:.1f} GB free, {_DISK_GB:g} GB needed',
                       f'free space on the disk of {folder} (df -h {folder})')
    return Finding('disk space', OK, f'{free:.0f} GB free')


def _probe(code: str) -> tuple[bool, str]:
    """Run code in a process of its own; returns whether it worked and its last line."""
    try:
        done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                              timeout=_PROBE_S)
    except subprocess.TimeoutExpired:
        return False, f'no answer within {_PROBE_S} s'
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return done.returncode == 0, lines[-1] if lines else f'ended with code {done.returncode}'
