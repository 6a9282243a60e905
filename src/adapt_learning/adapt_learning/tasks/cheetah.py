"""
Cheetah: running in the plane (dissertation section 3.1.5).

Physics, reward, observation (17) and action (6) are those of gymnasium's HalfCheetah-v5; the
published task is its version 3, which differs in nothing of these.
"""

from types import MappingProxyType
from typing import ClassVar

import numpy as np

from adapt_learning.tasks.base import TaskSpec
from adapt_learning.tasks.linear_expert import expert_of
from adapt_learning.tasks.locomotion import Locomotion


class Cheetah(Locomotion):
    """Run forwards on two legs and six joints; the speed is the reward."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='cheetah', title='A two-legged cheetah runs', max_steps=1000,
        noise_levels=(1.0, 1.25, 1.5, 1.75, 2.0), max_noise_level=3.0, measure='return',
        spread=MappingProxyType({'position': 0.49, 'velocity': 8.4, 'effort': 0.78}))
    experts: ClassVar = MappingProxyType({'linear': expert_of('cheetah')})
    environment = 'HalfCheetah-v5'
    good_return = 4500.0

    def start(self, noise_level: float) -> tuple[np.ndarray, np.ndarray]:
        """Draw positions (uniform) and velocities (normal) of a start."""
        spread, random = noise_level * self._sim._reset_noise_scale, self.np_random
        return (self._sim.init_qpos + random.uniform(-spread, spread, self._sim.model.nq),
                self._sim.init_qvel + spread * random.standard_normal(self._sim.model.nv))
