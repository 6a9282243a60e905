"""
Walker: walking on two legs in the plane without falling (dissertation section 3.1.5).

Physics, reward, observation (17) and action (6) are those of gymnasium's Walker2d-v5. The published
task is its version 3, whose feet differ in their friction (left 1.9, right 0.9: a slip of that
version, mended in version 5).
"""

from types import MappingProxyType
from typing import ClassVar

from adapt_learning.tasks.base import TaskSpec
from adapt_learning.tasks.linear_expert import expert_of
from adapt_learning.tasks.locomotion import Locomotion


class Walker(Locomotion):
    """Walk forwards upright; speed and every step without a fall are the reward."""

    spec_: ClassVar[TaskSpec] = TaskSpec(
        name='walker', title='A two-legged walker walks', max_steps=1000,
        noise_levels=(1.0, 1.25, 1.5, 1.75, 2.0), max_noise_level=20.0, measure='return',
        spread=MappingProxyType({'position': 0.41, 'velocity': 4.5, 'effort': 0.58}))
    experts: ClassVar = MappingProxyType({'linear': expert_of('walker')})
    environment = 'Walker2d-v5'
    good_return = 5000.0
    velocity_limit = 10.0
    paid_for_standing = 1.0
