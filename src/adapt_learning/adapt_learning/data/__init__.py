"""Demonstrations: in memory, on disk, measured.

Owns: episodes, datasets and their LeRobotDataset v3.0 files, normalising, checks.
May import: frames, numpy, pyarrow. Never: torch, mujoco, ROS (a recorder starts without them).
"""

from adapt_learning.data.normalizer import Normalizer

__all__ = ['Normalizer']
