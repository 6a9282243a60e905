"""Datasets of other programs <-> ours; one file per format.

Owns: reading and writing robomimic, Minari, the published method's `.pt` and LeRobot folders.
May import: frames, data, numpy, h5py; torch inside the one format that is a torch file. Never: ROS
(bags come in through the entry point group `adapt_learning.importers`).
"""
