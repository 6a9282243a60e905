"""Demonstrations: in memory, on disk, measured.

Owns: episodes, datasets and their LeRobotDataset v3.0 files, normalising, checks.
May import: frames, numpy, pyarrow. Never: torch, mujoco, ROS (a recorder starts without them).
"""

from adapt_learning.data.dataset import Dataset
from adapt_learning.data.episode import Episode
from adapt_learning.data.folder import DatasetFolder
from adapt_learning.data.normalizer import Normalizer
from adapt_learning.data.reader import load_dataset
from adapt_learning.data.writer import DatasetWriter, save_dataset

__all__ = [
    'Dataset',
    'DatasetFolder',
    'DatasetWriter',
    'Episode',
    'Normalizer',
    'load_dataset',
    'save_dataset',
]
