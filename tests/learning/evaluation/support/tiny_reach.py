"""A task that costs nothing: a point that has to reach a goal; for tests, also in processes."""

import os
import signal

import numpy as np
from gymnasium.spaces import Box

from adapt_learning.frames import Layout, parse_contract
from adapt_learning.tasks.base import Task, TaskSpec

CONTRACT = """
name: tiny_reach
rate_hz: 10
observation:
  - {key: point_position, topic: point, type: geometry_msgs/msg/PoseStamped,
     field: pose.position, size: 3, unit: m}
  - {key: goal_position, topic: goal, type: geometry_msgs/msg/PoseStamped,
     field: pose.position, size: 3, unit: m}
action:
  - {key: velocity, topic: cmd, type: geometry_msgs/msg/TwistStamped,
     field: twist.linear, size: 3, unit: m/s}
"""


class TinyReach(Task):
    """Move a point to within 0.1 m of the goal within 12 steps."""

    spec_ = TaskSpec('tiny_reach', 'A point reaches a goal', 12, (1.0,), 2.0)

    def __init__(self, clumsy=False, killer_file=None):
        self.contract = parse_contract(CONTRACT)
        self.layout = Layout(self.contract)
        self.observation_space = Box(-np.inf, np.inf, (6,), np.float32)
        self.action_space = Box(-1.0, 1.0, (3,), np.float32)
        self.steps = 0
        self._clumsy, self._killer_file = clumsy, killer_file

    def raw(self):
        """Return point and goal."""
        return {'point_position': self._point.copy(), 'goal_position': self._goal.copy()}

    def is_success(self):
        """Return whether the point is at the goal."""
        return bool(np.linalg.norm(self._point - self._goal) < 0.1)

    def expert(self, name=''):
        """Return the demonstrator."""
        return TinyExpert(self._clumsy, self._killer_file)

    def render(self):
        """Return a picture of nothing."""
        return np.full((48, 64, 3), 40 + self.steps, dtype=np.uint8)

    def _begin(self, noise_level):
        self._point = np.zeros(3)
        self._goal = noise_level * self.np_random.uniform(-1, 1, 3)

    def _advance(self, action):
        self._point = self._point + 0.3 * action
        return -float(np.linalg.norm(self._point - self._goal))


class TinyExpert:
    """Goes straight to the goal; a clumsy one does nothing in some episodes."""

    def __init__(self, clumsy, killer_file):
        self._clumsy, self._killer_file = clumsy, killer_file

    def reset(self, seed):
        """Decide whether this episode goes wrong; end the process where a file says so."""
        rng = np.random.default_rng(seed)
        self._lazy = self._clumsy is True and rng.random() < 0.4 or self._clumsy == 'always'
        self._noise = rng.normal(size=3) * 0.02
        if self._killer_file and os.path.exists(self._killer_file):
            with open(self._killer_file) as file:
                victim = int(file.read() or 0)
            os.remove(self._killer_file)
            os.kill(victim or os.getpid(), signal.SIGKILL)

    def act(self, raw):
        """Return the velocity."""
        way = 0.0 * raw['goal_position'] if self._lazy else (
            raw['goal_position'] - raw['point_position'])
        return np.clip(3 * way + self._noise, -1, 1)
