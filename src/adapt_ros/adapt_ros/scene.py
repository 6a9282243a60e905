"""One simulated scene and its episodes, without ROS messages: what sim_bridge publishes."""

import numpy as np

from adapt_learning.errors import SampleError
from adapt_learning.runtime.run_goal import (
    OUTCOME_ABORTED,
    OUTCOME_FAILURE,
    OUTCOME_SUCCESS,
    OUTCOME_UNKNOWN,
)
from adapt_learning.tasks.base import Task

IDLE, RUNNING, ENDED = 0, 1, 2
"""States of adapt_msgs/msg/EpisodeStatus."""

_MIN_GAP_NS = 1_000_000_000

__all__ = ['ENDED', 'IDLE', 'OUTCOME_ABORTED', 'RUNNING', 'Scene']


class Scene:
    """
    A task with a clock that never goes back and an episode that begins, runs and ends.

    Stamps count simulated time over all episodes [ns], so that no sample of one episode can be
    taken for one of another. `max_steps` replaces the task's own limit; 0 keeps it.
    """

    def __init__(self, task: Task, max_steps: int = 0):
        self.task = task
        self.contract = task.contract
        self._max_steps = max_steps or task.spec_.max_steps
        # Simulated time between two episodes: more than the observation timeout, so that a listener
        # can tell a new episode by its stamps even before it hears the announcement.
        timeout_ns = round(task.contract.safety.observation_timeout_s * 1e9)
        self._gap_ns = max(_MIN_GAP_NS, 2 * timeout_ns)
        self._held: dict[str, np.ndarray] = {}
        """The last command of every feature that holds it when commands cease."""
        self.episode = 0
        self.state = IDLE
        self.outcome = OUTCOME_UNKNOWN
        self.seed = 0
        self.noise_level = 1.0
        self.steps = 0
        self.episode_return = 0.0
        self.stamp_ns = self.contract.period_ns

    @property
    def running(self) -> bool:
        """Return whether an episode is under way."""
        return self.state == RUNNING

    def reset(self, seed: int, noise_level: float) -> None:
        """Begin the next episode; SettingError for a noise level outside of the task's range."""
        self.task.reset(seed=seed, options={'noise_level': noise_level})
        self._held = {}
        self.episode += 1
        self.seed, self.noise_level = seed, noise_level
        self.steps, self.episode_return = 0, 0.0
        self.stamp_ns += self._gap_ns
        self.state, self.outcome = RUNNING, OUTCOME_UNKNOWN

    def check(self, commands: dict[str, np.ndarray]) -> None:
        """Raise SampleError for commands of the wrong form or with values that are not finite."""
        if not np.isfinite(self.task.layout.action(commands)).all():
            raise SampleError(f'a command must be finite; got {commands}')

    def advance(self, commands: dict[str, np.ndarray]) -> int | None:
        """Apply checked commands (SI units) for a period; returns the outcome if it ended all."""
        action = self.task.layout.action(commands)
        self._held = {f.key: commands[f.key] for f in self.contract.action if f.on_stop == 'hold'}
        _, reward, terminated, _, info = self.task.step(action)
        self.steps += 1
        self.episode_return += reward
        self.stamp_ns += self.contract.period_ns
        if info['is_success']:
            return OUTCOME_SUCCESS
        return OUTCOME_FAILURE if terminated or self.steps >= self._max_steps else None

    def end(self, outcome: int) -> None:
        """End the episode."""
        self.state, self.outcome = ENDED, outcome

    def raw(self) -> dict[str, np.ndarray]:
        """Return the raw values that the contract publishes."""
        return self.task.raw()

    def safe_commands(self) -> dict[str, np.ndarray]:
        """Return what a robot does whose commands have ceased: stand still, hold the rest."""
        return {f.key: self._held.get(f.key, np.zeros(f.size)) for f in self.contract.action}

    def picture(self) -> np.ndarray:
        """Render the scene, uint8 [height, width, 3]."""
        return self.task.render()
