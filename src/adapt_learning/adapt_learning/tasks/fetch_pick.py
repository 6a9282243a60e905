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
    A proportional controller: from above to the block, close, to the goal.

    There is no memory: the stage is a function of the present instant, and it changes smoothly
    (ramps instead of switches). So the demonstrations are a function of the observation, and a
    policy can learn them; a controller with hidden stages of the same gain gives data from which
    the best clone reaches about 75 % (benchmarks/fetch_pick_expert.json).
    """

    gain = 6.0
    """Action per metre of error; an action of 1 moves the gripper by 5 cm."""
    hover_m = 0.05
    """Approach from so far above the block."""
    funnel_m = (0.003, 0.015)
    """Horizontal distance within which the approach sinks from `hover_m` to the block."""
    close_open_m = (0.005, 0.012)
    """Distance to the block within which open fingers begin to close."""
    close_held_m = (0.020, 0.030)
    """The same for fingers that hold already: they do not let go when the block slips a little."""
    half_open_m = (0.035, 0.045)
    """Finger positions between 'closed' and 'open'."""
    held_m = (0.026, 0.032)
    """Finger positions between 'holds the block' and 'still closing'."""

    def reset(self, seed: int) -> None:
        """Begin a new episode (nothing to remember)."""

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [4] for the raw values of the instant (positions in metres)."""
        block, goal = raw['object_position'], raw['goal_position']
        to_block = block - raw['gripper_position']
        fingers = raw['finger_position'].mean()
        distance = np.linalg.norm(to_block)
        is_open = _ramp(fingers, *self.half_open_m)
        near, far = (is_open * o + (1 - is_open) * h
                     for o, h in zip(self.close_open_m, self.close_held_m, strict=True))
        closing = 1 - _ramp(distance, near, far)
        held = (1 - _ramp(fingers, *self.held_m)) * (1 - _ramp(distance, *self.close_held_m))
        above = self.hover_m * _ramp(np.linalg.norm(to_block[:2]), *self.funnel_m)
        move = (1 - held) * (to_block + np.array([0.0, 0.0, above])) + held * (goal - block)
        return np.clip(np.array([*(self.gain * move), 1 - 2 * closing]), -1.0, 1.0)


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 below `low`, 1 above `high`, linear between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
