"""Simulated tasks: gymnasium environments that speak a contract, and their experts.

Owns: physics, success, experts. May import: frames, catalog, mujoco, gymnasium. Never: torch, ROS.

Importing this package registers every task of the catalogue with gymnasium, by the name of its
class: `gymnasium.make('adapt/FetchPick-v0')`. The task itself is imported only when it is made.
"""

import gymnasium

from adapt_learning.catalog import TASKS

for _place in TASKS.values():
    gymnasium.register(f'adapt/{_place.split(":")[1]}-v0', entry_point=_place)
