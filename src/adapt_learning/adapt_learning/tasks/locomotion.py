"""Running in the plane: what cheetah and walker share (dissertation section 3.1.5)."""

from typing import Any, ClassVar

import gymnasium
import numpy as np

from adapt_learning.tasks.base import Task
from adapt_learning.tasks.picture import picture_of

_COORDINATES = 9


class Locomotion(Task):
    """
    Run as far as possible within the step limit; nothing is to be reached.

    An episode counts as a success where it lasts to the limit with at least `good_return`; tables
    report the return itself (`measure`). Start, physics and reward are those of a gymnasium
    environment.
    """

    environment: ClassVar[str]
    """Id of the gymnasium environment."""
    good_return: ClassVar[float]
    """Return of an episode from which on it counts as a success."""
    velocity_limit: ClassVar[float] = np.inf
    """Velocities are observed within these bounds [m/s, rad/s]."""
    paid_for_standing: ClassVar[float] = 0.0
    """Part of the reward of a step that a robot that only stands gets, too."""

    def __init__(self, width: int = 320, height: int = 240,
                 render_mode: str | None = 'rgb_array'):
        super().__init__(render_mode)
        self._sim: Any = gymnasium.make(self.environment, render_mode='rgb_array', width=width,
                                        height=height).unwrapped
        self._fallen = False
        self.total_reward = 0.0

    def raw(self) -> dict[str, np.ndarray]:
        """Return positions but the way run [m, rad] and velocities [m/s, rad/s]."""
        data = self._sim.data
        return {'position': data.qpos[1:].copy(),
                'velocity': np.clip(data.qvel, -self.velocity_limit, self.velocity_limit)}

    def is_success(self) -> bool:
        """Return whether the episode is at its end and was good."""
        return self.steps >= self.spec_.max_steps and self.total_reward >= self.good_return

    def is_over(self) -> bool:
        """Return whether it has fallen."""
        return self._fallen

    def render(self) -> np.ndarray:
        """Return a camera picture, uint8 [height, width, 3]."""
        return picture_of(self._sim.mujoco_renderer)

    def close(self) -> None:
        """Free the renderer."""
        self._sim.close()

    def start(self, noise_level: float) -> tuple[np.ndarray, np.ndarray]:
        """
        Draw positions [9] and velocities [9] of a start with `self.np_random`.

        By default all of them uniform within the environment's own scale times the noise level.
        """
        spread = noise_level * self._sim._reset_noise_scale
        return (self._sim.init_qpos + self.np_random.uniform(-spread, spread, _COORDINATES),
                self._sim.init_qvel + self.np_random.uniform(-spread, spread, _COORDINATES))

    def run_linear(self, gain: np.ndarray, center: np.ndarray,
                   seed: int) -> tuple[float, np.ndarray]:
        """
        Run the policy clip(gain [6, 17] @ (observation - center [17])) for an episode.

        Returns the return and the observations [steps, 17]. The same physics and reward as `step`,
        without what a robot needs around it: random search runs tens of thousands of episodes.
        """
        sim, data = self._sim, self._sim.data
        self.reset(seed=seed)
        seen = np.empty((self.spec_.max_steps, len(center)))
        total = 0.0
        for i, observation in enumerate(seen):
            observation[:8] = data.qpos[1:]
            np.clip(data.qvel, -self.velocity_limit, self.velocity_limit, out=observation[8:])
            _, reward, fallen, _, _ = sim.step(np.clip(gain @ (observation - center), -1.0, 1.0))
            total += reward
            if fallen:
                return total, seen[:i + 1]
        return total, seen

    def _begin(self, noise_level: float) -> None:
        self.total_reward, self._fallen = 0.0, False
        self._sim.reset(seed=0)
        self._sim.set_state(*self.start(noise_level))

    def _advance(self, action: np.ndarray) -> float:
        _, reward, self._fallen, _, _ = self._sim.step(action)
        self.total_reward += reward
        return float(reward)
