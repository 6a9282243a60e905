"""Pictures of a scene, right also where several scenes are drawn in one process."""

import numpy as np
from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer

_MODE = 'rgb_array'


def picture_of(renderer: MujocoRenderer) -> np.ndarray:
    """
    Return a picture, uint8 [height, width, 3].

    OpenGL draws with the context that is current. Gymnasium makes a renderer's own one current when
    it is made and never again, so after another scene was drawn or closed, pictures showed that
    one's textures or nothing.
    """
    viewer = renderer._viewers.get(_MODE)
    if viewer is not None:
        viewer.make_context_current()
    return renderer.render(_MODE)
