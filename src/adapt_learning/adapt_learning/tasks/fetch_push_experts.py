"""Scripted demonstrators of FetchPush."""

import numpy as np


class SmoothPushExpert:
    """
    A proportional controller: up, behind the block, down, along the line to the goal.

    There is no memory: the stage is a function of the present instant, and it changes smoothly
    (ramps instead of switches), so a policy can learn it from the observation.
    """

    gain = 4.5
    """Action per metre of error; an action of 1 moves the gripper by 5 cm."""
    hover_m = 0.08
    """Height above the block's centre on the way to behind the block."""
    behind_m = 0.085
    """Distance behind the block's centre at which the gripper goes down."""
    travel_m = (0.035, 0.065)
    """Height above the block's centre within which the gripper begins to move sideways."""
    line_m = (0.010, 0.025)
    """Distance to the line from block to goal within which a raised gripper may go down."""
    line_low_m = (0.030, 0.050)
    """The same for a lowered gripper: it goes on pushing when the block slips a little."""
    back_m = (0.048, 0.062)
    """Distance behind the block's centre between 'would land on it' and 'free to go down'."""
    back_low_m = (0.020, 0.030)
    """The same for a lowered gripper, which touches the block at 4 cm."""
    low_m = (0.030, 0.060)
    """Heights above the block's centre between 'lowered' and 'raised'."""
    push_m = (0.015, 0.030)
    """Heights between 'pushes' and 'does not push yet'."""
    push_gain, push_speeds = 2.5, (0.15, 0.6)
    """Action along the line per metre that the block has to go, above the first, at most the
    second."""
    side_gain = 9.0
    """Action back to the line per metre, while pushing."""

    def reset(self, seed: int) -> None:
        """Begin a new episode (nothing to remember)."""

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [3] for the raw values of the instant (positions in metres)."""
        gripper, block, goal = (raw[f'{key}_position'] for key in ('gripper', 'object', 'goal'))
        way = (goal - block)[:2]
        distance = np.linalg.norm(way)
        along = way / max(distance, 1e-6)
        relative = (gripper - block)[:2]
        back, height = -relative @ along, gripper[2] - block[2]
        side = relative + back * along
        raised = _ramp(height, *self.low_m)
        line, near = (raised * np.array(high) + (1 - raised) * np.array(low) for high, low in (
            (self.line_m, self.line_low_m), (self.back_m, self.back_low_m)))
        placed = (1 - _ramp(np.linalg.norm(side), *line)) * _ramp(back, *near)
        pushes = placed * (1 - _ramp(height, *self.push_m))
        free = max(placed, _ramp(height, *self.travel_m))
        travel = free * self.gain * (-self.behind_m * along - relative)
        slowest, fastest = self.push_speeds
        push = min(fastest, slowest + self.push_gain * distance) * along - self.side_gain * side
        up = self.gain * ((1 - placed) * self.hover_m - height)
        return np.clip(np.array([*((1 - pushes) * travel + pushes * push), up]), -1.0, 1.0)


class StagedPushExpert:
    """
    The same way with a memory, in the manner of the published demonstrations.

    Lift by 8 cm, go 10 cm behind the block on the line to the goal, go down, push; each stage ends
    when its error is below `reached_m`. The stage is not in the observation.
    """

    gain = 6.0
    lift_m = 0.08
    behind_m = 0.10
    reached_m = 0.01

    def reset(self, seed: int) -> None:
        """Begin with the lift."""
        self._stage = 0
        self._lifted = None

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [3] for the raw values of the instant (positions in metres)."""
        gripper, block, goal = (raw[f'{key}_position'] for key in ('gripper', 'object', 'goal'))
        if self._lifted is None:
            self._lifted = gripper + [0.0, 0.0, self.lift_m]
        way = goal - block
        behind = block - self.behind_m * way / max(np.linalg.norm(way), 1e-6)
        targets = (self._lifted, behind + [0.0, 0.0, self.lift_m], behind, goal)
        while self._stage < 3 and np.linalg.norm(targets[self._stage] - gripper) < self.reached_m:
            self._stage += 1
        return np.clip(self.gain * (targets[self._stage] - gripper), -1.0, 1.0)


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 below `low`, 1 above `high`, linear between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
