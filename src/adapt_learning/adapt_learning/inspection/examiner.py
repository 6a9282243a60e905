"""One frame of one surface -> one result; the same for a node, the command line and benchmarks."""

import numpy as np

from adapt_learning.errors import PictureError
from adapt_learning.inspection.inspector import Inspector
from adapt_learning.inspection.pictures import decode
from adapt_learning.inspection.quality import Quality, measure
from adapt_learning.inspection.recipe import Recipe
from adapt_learning.inspection.regions import find_regions
from adapt_learning.inspection.verdict import Reason, Result, Verdict, invalid, of_quality, of_score


class Examiner:
    """
    A detector with the recipe of a surface.

    Raises ArtifactError where the recipe was made with another detector.
    """

    def __init__(self, inspector: Inspector, recipe: Recipe):
        recipe.check_detector(inspector)
        self.inspector = inspector
        self.recipe = recipe

    def warm_up(self) -> None:
        """Judge once: the first run of a model takes far longer than the others."""
        side = self.inspector.manifest.input_px
        self.inspector.judge(np.zeros((side, side, 3), np.uint8), self.recipe.bank)

    def examine_encoded(self, data: bytes) -> Result:
        """Examine a file's or a CompressedImage's bytes; what cannot be read is INVALID."""
        try:
            pixels = decode(data, 'the frame')
        except PictureError as error:
            return invalid(Reason.UNREADABLE, str(error))
        return self.examine(pixels)

    def examine(self, pixels: np.ndarray) -> Result:
        """Examine decoded pixels (see `pictures.to_rgb`); what cannot be judged is INVALID."""
        try:
            view = self.inspector.view(pixels)
        except PictureError as error:
            return invalid(Reason.UNREADABLE, str(error))
        height, width = pixels.shape[:2]
        wanted = self.recipe.frame_size
        if wanted is not None and (width, height) != wanted:
            return invalid(Reason.WRONG_SIZE, (
                f"the frame has {width} x {height} pixels, recipe '{self.recipe.name}' is for "
                f'{wanted[0]} x {wanted[1]}: set the camera back, or fit a recipe for this size'))
        quality = measure(view)
        refused = of_quality(quality, self.recipe.limits)
        if refused is not None:
            return invalid(*refused, quality)
        return self._judged(view, width, height, quality)

    def _judged(self, view: np.ndarray, width: int, height: int, quality: Quality) -> Result:
        calibration = self.recipe.calibration
        judged = self.inspector.judge(view, self.recipe.bank)
        if not (np.isfinite(judged.score) and np.isfinite(judged.map).all()):
            return invalid(Reason.NOT_FINITE, (
                f'the detector {self.inspector.manifest.name} returned NaN or infinity: look at '
                'the frame; if it is an ordinary one, the detector is damaged'), quality)
        verdict, reason, text = of_score(
            judged.score, calibration.score.value, calibration.review_band)
        regions = find_regions(judged.map, calibration.map.value, width, height)
        if regions and verdict in (Verdict.NOK, Verdict.REVIEW):
            first = regions[0]
            text += (f'; {len(regions)} region{"s" * (len(regions) > 1)}, the strongest at '
                     f'({first.x}, {first.y}), {first.width} x {first.height} pixels')
        return Result(verdict, reason, text, judged.score, calibration.score.value, regions,
                      judged.map, calibration.map.value, quality)
