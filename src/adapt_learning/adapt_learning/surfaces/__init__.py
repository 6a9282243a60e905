"""Procedural surfaces with defects: textures of many materials, and masks of what is wrong.

Owns: families of surfaces, kinds of defects, the line that plays them, their folders on disk.
May import: errors, numpy, cv2. Never: torch, data, ROS (the simulated line plays them, too).
"""

from adapt_learning.surfaces.export import Written, write_surface
from adapt_learning.surfaces.line import Defective, Surface
from adapt_learning.surfaces.registry import DEFECTS, FAMILIES, load, names
from adapt_learning.surfaces.seeds import rng_of

__all__ = [
    'DEFECTS',
    'Defective',
    'FAMILIES',
    'Surface',
    'Written',
    'load',
    'names',
    'rng_of',
    'write_surface',
]
