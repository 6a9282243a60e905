"""Demonstrators of Maze: the way by breadth-first search, the force by a PD law."""

from collections import deque
from functools import cache

import numpy as np
from gymnasium_robotics.envs.maze.maps import MEDIUM_MAZE

_MAP = np.array(MEDIUM_MAZE)
_ROWS, _COLUMNS = _MAP.shape


def middle_m(cell: tuple[int, int]) -> np.ndarray:
    """Return the middle of a cell (row, column) [m]; cells are squares of a metre."""
    row, column = cell
    return np.array([column + 0.5 - _COLUMNS / 2, _ROWS / 2 - row - 0.5])


def cell_of(position_m: np.ndarray) -> tuple[int, int]:
    """Return the cell (row, column) of a position [m]."""
    x, y = position_m
    return int(np.floor(_ROWS / 2 - y)), int(np.floor(x + _COLUMNS / 2))


@cache  # of 26 x 26 ways, and an expert asks for one at every step
def way(start: tuple[int, int], goal: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the cells of a shortest way, both ends included; always the same one."""
    before = {goal: goal}
    queue = deque([goal])
    while queue:
        cell = queue.popleft()
        for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            near = cell[0] + step[0], cell[1] + step[1]
            if not _MAP[near] and near not in before:
                before[near] = cell
                queue.append(near)
    cells = [start]
    while cells[-1] != goal:
        cells.append(before[cells[-1]])
    return tuple(cells)


class WaypointMazeExpert:
    """
    To the middle of the next cell of the way, with D4RL's gains (P 10, D -1).

    The target jumps where a cell is left, so the force does, too.
    """

    proportional, derivative = 10.0, -1.0

    def reset(self, seed: int) -> None:
        """Begin a new episode (nothing to remember)."""

    def target_m(self, position: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """Return where to go next [m]."""
        cells = way(cell_of(position), cell_of(goal))
        return middle_m(cells[1]) if len(cells) > 2 else goal

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [2] for the raw values of the instant."""
        position = raw['position']
        target = self.target_m(position, raw['goal_position'][:2])
        return np.clip(self.proportional * (target - position)
                       + self.derivative * raw['velocity'], -1.0, 1.0)


class PursuitMazeExpert:
    """
    Pure pursuit: to a point that runs ahead on the line through the middles of the way's cells.

    It keeps a speed instead of pushing with all force, so its actions seldom reach the bounds, and
    its episodes are nearly as long as the published ones (185 steps). No memory, no jumps along the
    way: a policy can learn it.
    """

    ahead_m = 0.5
    speed_m_s = 3.0
    gain = 0.6
    """Action per m/s of error; an action of 1 accelerates by 24 m/s^2."""

    def reset(self, seed: int) -> None:
        """Begin a new episode (nothing to remember)."""

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [2] for the raw values of the instant."""
        to_target = self.target_m(raw['position'], raw['goal_position'][:2]) - raw['position']
        # Towards the end the target stands still: slower from half a metre on.
        wanted = self.speed_m_s * to_target / max(np.linalg.norm(to_target), self.ahead_m)
        return np.clip(self.gain * (wanted - raw['velocity']), -1.0, 1.0)

    def target_m(self, position: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """Return the point on the way that is about `ahead_m` from here [m]."""
        cells = way(cell_of(position), cell_of(goal))
        points = np.array([*(middle_m(cell) for cell in cells[:-1]), goal])
        if len(points) == 1:
            return goal
        starts, steps = points[:-1], np.diff(points, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        # Only what lies near counts: a way may come close to itself again behind a wall.
        share = np.clip(((position - starts) * steps).sum(1) / lengths ** 2, 0, 1)[:2]
        nearest = starts[:2] + share[:, None] * steps[:2]
        k = int(np.argmin(np.linalg.norm(nearest - position, axis=1)))
        run = np.concatenate([[0.0], np.cumsum(lengths)])
        # The way back to the line counts, so the point does not jump where a new cell begins.
        ahead = max(self.ahead_m - np.linalg.norm(nearest[k] - position), 0.0)
        at = min(run[k] + share[k] * lengths[k] + ahead, run[-1])
        k = min(int(np.searchsorted(run, at, side='right')) - 1, len(lengths) - 1)
        return starts[k] + (at - run[k]) / lengths[k] * steps[k]
