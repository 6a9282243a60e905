"""
Cheetah: running in the plane (dissertation section 3.1.5).

Physics, reward, observation (17) and action (6) are those of gymnasium's HalfCheetah-v5; the
published task is its version 3, which differs in nothing of these.
"""

from types import MappingProxyType
from typing import Any, ClassVar

import gymnasium
import numpy as np

from adapt_learning.tasks.base import Task, TaskSpec
from adapt_learning.tasks.linear_expert import expert_of

START = 0.1
"""Spread of positions (uniform) and velocities (normal) at the start, at noise level 1."""
GOOD_RETURN = 4500.0
"""There is nothing to reach: an episode counts as a success from this return on."""
_COORDINATES = 9


class Cheetah(Task):
    """Run forwards on two legs and six joints; the speed is the reward."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='cheetah', title='A two-legged cheetah runs', max_steps=1000,
        noise_levels=(1.0, 1.25, 1.5, 1.75, 2.0), max_noise_level=3.0, measure='return',
        spread=MappingProxyType({'position': 0.49, 'velocity': 8.4, 'effort': 0.78}))
    experts: ClassVar = MappingProxyType({'linear': expert_of('cheetah')})

    def __init__(self, width: int = 320, height: int = 240,
                 render_mode: str | None = 'rgb_array'):
        super().__init__(render_mode)
        self._sim: Any = gymnasium.make('HalfCheetah-v5', render_mode='rgb_array', width=width,
                                        height=height).unwrapped
        self.total_reward = 0.0

    def raw(self) -> dict[str, np.ndarray]:
        """Return positions but the way run [m, rad] and velocities [m/s, rad/s]."""
        data = self._sim.data
        return {'position': data.qpos[1:].copy(), 'velocity': data.qvel.copy()}

    def is_success(self) -> bool:
        """Return whether the episode is at its end and was good."""
        return self.steps >= self.spec_.max_steps and self.total_reward >= GOOD_RETURN

    def render(self) -> np.ndarray:
        """Return a camera picture, uint8 [height, width, 3]."""
        return self._sim.render()

    def close(self) -> None:
        """Free the renderer."""
        self._sim.close()

    def _begin(self, noise_level: float) -> None:
        spread, random = START * noise_level, self.np_random
        self.total_reward = 0.0
        self._sim.reset(seed=0)
        self._sim.set_state(
            self._sim.init_qpos + random.uniform(-spread, spread, _COORDINATES),
            self._sim.init_qvel + spread * random.standard_normal(_COORDINATES))

    def _advance(self, action: np.ndarray) -> float:
        _, reward, _, _, _ = self._sim.step(action)
        self.total_reward += reward
        return float(reward)

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
        for observation in seen:
            observation[:8], observation[8:] = data.qpos[1:], data.qvel
            _, reward, _, _, _ = sim.step(np.clip(gain @ (observation - center), -1.0, 1.0))
            total += reward
        return total, seen
