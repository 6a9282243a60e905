"""Few-shot inspection of surfaces: recipes, calibration, verdicts; no torch, no ROS.

The same code judges in a node, on the command line and in benchmarks, so a picture has one score.
Owns: reading pictures and folders of them, detectors at work, banks, recipes, thresholds, verdicts,
heat maps, archive, measures of detectors.
May import: data, artifacts, numpy, cv2, PIL, onnxruntime, safetensors; sklearn inside functions.
Never: torch, ROS.
"""

from adapt_learning.inspection.examiner import Examiner
from adapt_learning.inspection.fit import FitSettings, fit_files, fit_recipe
from adapt_learning.inspection.inspector import Inspector, Judged
from adapt_learning.inspection.recipe import Recipe
from adapt_learning.inspection.recipe_file import load_recipe, write_recipe
from adapt_learning.inspection.shelf import RecipeShelf
from adapt_learning.inspection.verdict import Reason, Region, Result, Verdict

__all__ = [
    'Examiner',
    'FitSettings',
    'Inspector',
    'Judged',
    'Reason',
    'Recipe',
    'RecipeShelf',
    'Region',
    'Result',
    'Verdict',
    'fit_files',
    'fit_recipe',
    'load_recipe',
    'write_recipe',
]
