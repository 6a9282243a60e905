"""Procedural surfaces with defects: textures of many materials, and masks of what is wrong.

Owns: families of surfaces, kinds of defects, the line that plays them, their folders on disk.
May import: errors, numpy, cv2. Never: torch, data, ROS (the simulated line plays them, too).
"""

from adapt_learning.surfaces.export import Written, write_surface
from adapt_learning.surfaces.line import Defective, Surface
from adapt_learning.surfaces.registry import DEFECTS, FAMILIES, load, names
from adapt_learning.surfaces.seeds import rng_of
from adapt_learning.surfaces.split import held_out_families, training_families

__all__ = [
    'DEFECTS',
    'Defective',
    'FAMILIES',
    'Surface',
    'Written',
    'held_out_families',
    'load',
    'names',
    'rng_of',
    'training_families',
    'write_surface',
]
