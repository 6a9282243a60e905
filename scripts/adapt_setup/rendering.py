"""Which headless OpenGL draws MuJoCo's camera images here; found by drawing one."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

BACKENDS = ('egl', 'osmesa')
NONE = 'disabled'
"""MuJoCo's own word for 'no OpenGL': importing works, drawing says why not."""

_PROBE = """
import mujoco
xml = '<mujoco><worldbody><light pos="0 0 3"/><geom type="sphere" size=".3"/></worldbody></mujoco>'
model = mujoco.MjModel.from_xml_string(xml)
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 48, 64) as renderer:
    renderer.update_scene(data)
    image = renderer.render()
assert image.std() > 1, 'the picture is empty'
print('drawn')
"""


def draws(python: Path, backend: str, env: Mapping[str, str]) -> str:
    """Return '' where a picture could be drawn with a backend, else what went wrong."""
    try:
        result = subprocess.run(
            [str(python), '-c', _PROBE],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            env={**env, 'MUJOCO_GL': backend},
        )
    except subprocess.TimeoutExpired:
        return 'no picture within 60 s'
    if 'drawn' in result.stdout:
        return ''
    return (result.stderr.strip().splitlines() or ['it ended without a word'])[-1]


def choose(python: Path, env: Mapping[str, str]) -> str:
    """Return the first backend that draws, or NONE."""
    return next((backend for backend in BACKENDS if not draws(python, backend, env)), NONE)


