"""Making tasks: quietly, and able to render without a screen."""

import os

from adapt_learning import catalog
from adapt_learning.tasks.base import Task


def make_task(name: str) -> Task:
    """Return a new task of the catalogue; CatalogError names the nearest one there is."""
    prepare()
    return catalog.load('task', name)()


def prepare() -> None:
    """Set what has to be set before MuJoCo and gymnasium-robotics are imported."""
    # Without a screen MuJoCo's default (GLFW) gives no context, and says so only when it renders.
    if not os.environ.get('DISPLAY') and not os.environ.get('WAYLAND_DISPLAY'):
        os.environ.setdefault('MUJOCO_GL', 'egl')
    # gymnasium-robotics prints a notice about environments that are not used here.
    try:
        from farama_notifications import notifications
    except ImportError:
        return
    notifications.pop('gymnasium_robotics', None)
