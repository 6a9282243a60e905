"""One episode: a task and whoever drives it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from adapt_learning.data import Episode
from adapt_learning.frames import Frame
from adapt_learning.tasks.base import Expert, Task


class Controller(Protocol):
    """Whoever decides on actions: an expert or a policy behind its runner."""

    def begin(self, seed: int) -> None:
        """Begin an episode."""

    def act(self, frame: Frame, raw: dict[str, np.ndarray]) -> np.ndarray | None:
        """Return the action [A] for an instant, or None to stop; `stop_text` then says why."""

    stop_text: str


class ExpertController:
    """Lets the task's own demonstrator act."""

    stop_text = ''

    def __init__(self, expert: Expert):
        self._expert = expert

    def begin(self, seed: int) -> None:
        """Begin an episode."""
        self._expert.reset(seed)

    def act(self, frame: Frame, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the demonstrator's action [A]."""
        return self._expert.act(raw)


@dataclass(frozen=True)
class Rollout:
    """What happened in one episode."""

    episode: Episode | None
    """Observations, actions, rewards, seed, success; None where it was stopped at once."""
    success: bool
    steps: int
    total_reward: float
    last_observation: np.ndarray
    """Observation vector after the last action [S] float32 (no row of the episode)."""
    stop_text: str = ''
    """Why the controller stopped, if it did."""


def rollout(task: Task, controller: Controller, seed: int, noise_level: float,
            on_step: Callable[[Task], None] | None = None) -> Rollout:
    """
    Run one episode from the start that `seed` and `noise_level` give.

    `on_step` is called with the task at every instant before its action, and at the end.
    """
    task.reset(seed=seed, options={'noise_level': noise_level})
    controller.begin(seed)
    observations, actions, times_ns, rewards = [], [], [], []
    info, over = {'is_success': False}, False
    while not over:
        if on_step is not None:
            on_step(task)
        raw = task.raw()
        frame = task.layout.frame(task.steps * task.contract.period_ns, raw)
        action = controller.act(frame, raw)
        if action is None:
            break
        # What is recorded is what the task does with it: the action within -1..1.
        action = np.clip(np.asarray(action, dtype=np.float32), -1.0, 1.0)
        _, reward, terminated, truncated, info = task.step(action)
        over = terminated or truncated
        observations.append(frame.vector)
        actions.append(action)
        times_ns.append(frame.stamp_ns)
        rewards.append(reward)
    if on_step is not None:
        on_step(task)
    episode = None
    if actions:
        episode = Episode(
            np.stack(observations), np.stack(actions), np.array(times_ns) * 1e-9,
            np.array(rewards), bool(info['is_success']), seed, noise_level, task.spec_.title)
    return Rollout(episode, bool(info['is_success']), len(actions), float(sum(rewards)),
                   task.frame().vector, controller.stop_text)
