"""Small parts seen from five sides in three lights, drawn by MuJoCo: no licence, no download.

They stand where the dissertation has CMU Multi-PIE, a licensed set of faces: `identity` goes for
the person, `view` for the pose.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.data.files import write_atomically
from adapt_learning.errors import DatasetError
from adapt_learning.generation.decgan.image_set import ImageSet, ImageSource, Pictures

SIDE = 32
IDENTITIES = 20
VIEWS = (-60, -30, 0, 30, 60)
"""Angle from which the camera looks at the front [degrees]."""
LIGHTS = {'left': (0.3, 1.0, -0.8), 'front': (-1.0, 0.0, -0.8), 'right': (0.3, -1.0, -0.8)}
"""Direction of the light; the front of a part looks along +x."""
_TRAIN, _TEST = 6, 2
"""Pictures of each identity, view and light; they differ in where the camera is exactly."""
_VERSION = 1
"""Raised when the pictures change, so that none are taken from a folder of old ones."""
_TIMES = 2
"""Drawn so many times larger, then averaged: edges become smooth."""
_JITTER_DEG, _JITTER_DISTANCE = 5.0, 0.05
_SHAPES = ('box', 'ellipsoid', 'cylinder', 'capsule')


class Rendered(ImageSource):
    """Parts of three to five coloured shapes, by `rendered`, or `rendered:DIR` to keep them."""

    @classmethod
    def load(cls, argument: str = '') -> ImageSet:
        """Return the pictures; from the folder `argument`, where it has them already."""
        path = None if not argument else Path(argument) / f'rendered-{_VERSION}.npz'
        if path is not None and path.parent.exists() and not path.parent.is_dir():
            raise DatasetError(f'{path.parent} is where rendered pictures would be kept, and it is '
                               'no folder: give another name')
        if path is not None and path.is_file():
            images = _read(path)
        else:
            images = render_parts()
            if path is not None:
                _write(path, images)
        return _as_set(images)


def render_parts(identities: int = IDENTITIES) -> np.ndarray:
    """Return pictures uint8 [identities, views, lights, of each, SIDE, SIDE, 3]."""
    return np.stack([np.stack(list(_views_of(number))) for number in range(identities)])


def _views_of(number: int) -> Iterator[np.ndarray]:
    """Give the pictures [lights, of each, SIDE, SIDE, 3] of every view of a part."""
    # Without a screen MuJoCo's default (GLFW) gives no context; it reads this when imported.
    if not os.environ.get('DISPLAY') and not os.environ.get('WAYLAND_DISPLAY'):
        os.environ.setdefault('MUJOCO_GL', 'egl')
    import mujoco
    random = np.random.default_rng((_VERSION, number))
    model = mujoco.MjModel.from_xml_string(part_xml(random))
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    with mujoco.Renderer(model, SIDE * _TIMES, SIDE * _TIMES) as renderer:
        for view in VIEWS:
            yield np.stack([np.stack([
                _picture(renderer, model, data, view, light, random)
                for _ in range(_TRAIN + _TEST)]) for light in LIGHTS.values()])


def _picture(renderer: Any, model: Any, data: Any, view: float, light: tuple[float, ...],
             random: np.random.Generator) -> np.ndarray:
    import mujoco
    camera = mujoco.MjvCamera()
    turn, lift = random.uniform(-_JITTER_DEG, _JITTER_DEG, 2)
    # MuJoCo's azimuth is where the camera looks to: 180 is at the front of the part.
    camera.azimuth, camera.elevation = 180 + view + turn, -22 + 0.5 * lift
    camera.distance = 0.72 * (1 + random.uniform(-_JITTER_DISTANCE, _JITTER_DISTANCE))
    camera.lookat[:] = (0, 0, 0.18)
    model.light_dir[0] = np.asarray(light) / np.linalg.norm(light)
    mujoco.mj_forward(model, data)
    renderer.update_scene(data, camera)
    large = renderer.render().reshape(SIDE, _TIMES, SIDE, _TIMES, 3)
    return large.mean((1, 3)).round().astype(np.uint8)


def part_xml(random: np.random.Generator) -> str:
    """Return a scene with one part: a body, something at its front, one to three shapes more."""
    body = random.uniform((0.1, 0.1, 0.1), (0.16, 0.16, 0.18))
    colours = random.permutation(np.array([
        (0.9, 0.25, 0.2), (0.2, 0.5, 0.9), (0.25, 0.75, 0.3), (0.95, 0.8, 0.2), (0.7, 0.3, 0.8),
        (0.95, 0.55, 0.15), (0.2, 0.75, 0.75), (0.85, 0.85, 0.85)]))
    shapes = [_geom(random.choice(_SHAPES[:3]), body, (0, 0, body[2]), colours[0])]
    front = random.uniform(0.035, 0.055)
    shapes.append(_geom(random.choice(('ellipsoid', 'box')), (front,) * 3,
                        (body[0], 0, body[2] * random.uniform(0.9, 1.4)), colours[1]))
    places = random.permutation(np.array([
        (0, 0, 2 * body[2]), (0, body[1], body[2]), (0, -body[1], body[2]),
        (-0.5 * body[0], 0.6 * body[1], 1.9 * body[2])]))
    for i in range(random.integers(1, 4)):
        shapes.append(_geom(random.choice(_SHAPES), random.uniform(0.03, 0.075, 3), places[i],
                            colours[2 + i]))
    return f"""
<mujoco><visual><headlight ambient="0.35 0.35 0.35" diffuse="0.1 0.1 0.1" specular="0 0 0"/>
<quality shadowsize="512"/></visual><asset><texture type="skybox" builtin="flat" width="8"
height="48" rgb1="0.3 0.32 0.35"/></asset><worldbody>
<light directional="true" pos="0 0 2" dir="0 0 -1" diffuse="0.8 0.8 0.8" specular="0.1 0.1 0.1"/>
<geom type="plane" size="3 3 0.1" rgba="0.35 0.37 0.4 1"/>{''.join(shapes)}
</worldbody></mujoco>"""


def _geom(shape: str, size: Any, place: Any, colour: Any) -> str:
    size, place, colour = (' '.join(f'{x:.4f}' for x in values) for values in (size, place, colour))
    return f'<geom type="{shape}" size="{size}" pos="{place}" rgba="{colour} 1"/>'


def _as_set(images: np.ndarray) -> ImageSet:
    identities = len(images)
    which = np.indices(images.shape[:4]).reshape(4, -1)
    everything = Pictures(images.reshape(-1, *images.shape[4:]),
                          {'identity': which[0], 'view': which[1], 'light': which[2]})
    train = which[3] < _TRAIN
    return ImageSet(
        'rendered', everything.subset(train), everything.subset(~train),
        {'view': tuple(f'{view} deg' for view in VIEWS), 'light': tuple(LIGHTS),
         'identity': tuple(f'part {i}' for i in range(identities))}, 'view', 'identity',
        hashlib.sha256(images.tobytes()).hexdigest())


def _read(path: Path) -> np.ndarray:
    try:
        with np.load(path) as kept:
            images = kept['images']
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DatasetError(f'{path} is damaged ({error}): remove it, the pictures are drawn again'
                           ) from error
    if images.shape[1:] != (len(VIEWS), len(LIGHTS), _TRAIN + _TEST, SIDE, SIDE, 3):
        raise DatasetError(f'{path} holds other pictures, {list(images.shape)}: remove it, they '
                           'are drawn again')
    return images


def _write(path: Path, images: np.ndarray) -> None:
    def write(temporary: Path) -> None:
        with open(temporary, 'wb') as file:
            np.savez_compressed(file, images=images)
    write_atomically(path.absolute(), write)
