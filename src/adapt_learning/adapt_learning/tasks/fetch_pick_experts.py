"""Scripted demonstrators of FetchPick."""

import numpy as np


class SmoothPickExpert:
    """
    A proportional controller: from above to the block, close, to the goal.

    There is no memory: the stage is a function of the present instant, and it changes smoothly
    (ramps instead of switches). So the demonstrations are a function of the observation, and a
    policy can learn them; clones of `StagedPickExpert`, which has the same gain, are far less
    reliable (docs/dbc.md has the numbers).
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


class StagedPickExpert:
    """
    The same controller with a memory, in the manner of the published demonstrations.

    Hover 3 cm above the block with open fingers, go down, close, carry to the goal; each stage
    ends when its error is below 5 mm. The stage is not in the observation, and the gripper is
    commanded weakly (0.3 and -0.03), so its demonstrations are harder to learn from.
    """

    gain = 6.0
    hover_m = 0.03
    reached_m = 0.005
    open_command, close_command = 0.3, -0.03

    def reset(self, seed: int) -> None:
        """Begin above the block again."""
        self._stage = 0

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [4] for the raw values of the instant (positions in metres)."""
        block, goal = raw['object_position'], raw['goal_position']
        to_block = block - raw['gripper_position']
        above = to_block + np.array([0.0, 0.0, self.hover_m])
        if self._stage == 0 and np.linalg.norm(above) < self.reached_m:
            self._stage = 1
        if self._stage == 1 and np.linalg.norm(to_block) < self.reached_m:
            self._stage = 2
        move = (above, to_block, goal - block)[self._stage]
        gripper = self.open_command if self._stage == 0 else self.close_command
        return np.clip(np.array([*(self.gain * move), gripper]), -1.0, 1.0)


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 below `low`, 1 above `high`, linear between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
