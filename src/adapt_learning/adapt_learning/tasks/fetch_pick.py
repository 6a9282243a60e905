"""FetchPick: pick a block from the table and carry it to a goal in the air.

Dissertation section 3.1.5; observation (16), regions and noise level as its authors set them up.
"""

from typing import ClassVar

import numpy as np

from adapt_learning.tasks.base import TaskSpec
from adapt_learning.tasks.fetch_scene import FetchScene


class FetchPick(FetchScene):
    """Pick the block up and bring it to a goal 15 cm above the table, within 50 steps."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='fetch_pick',
        title='Fetch arm picks a block and carries it to a goal in the air',
        max_steps=50,
        noise_levels=(1.0, 1.25, 1.5, 1.75, 2.0),
        max_noise_level=2.5,
    )
    goal_height_m = 0.15

    def expert(self) -> 'FetchPickExpert':
        """Return the scripted demonstrator."""
        return FetchPickExpert()


class FetchPickExpert:
    """
    A proportional controller in three stages: above the block, down and close, to the goal.

    The stage is a function of the present instant alone (no memory), so that the demonstrations
    are a function of the observation and a policy can learn them.
    """

    gain = 6.0
    """Action per metre of error times 5 (an action of 1 moves the gripper 5 cm)."""

    def reset(self, seed: int) -> None:
        """Begin a new episode (nothing to remember)."""

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [4] for the raw values of the instant."""
        raise NotImplementedError
