"""Results and recipes as messages."""

import math

from adapt_msgs.msg import InspectionRecipe, InspectionRegion, InspectionVerdict

from adapt_learning.inspection import Recipe, Result
from adapt_learning.inspection.shelf import Entry
from adapt_ros.codecs import set_stamp
from adapt_ros.inspection.camera_feed import CameraFrame
from adapt_ros.inspection.triggers import Trigger


def verdict_message(result: Result, trigger: Trigger, frame: CameraFrame | None,
                    done_ns: int) -> InspectionVerdict:
    """Return a verdict; its latency is the caller's to fill in."""
    message = InspectionVerdict(
        sequence=trigger.sequence, part_id=trigger.part_id, verdict=int(result.verdict),
        reason=int(result.reason), text=result.text, score=result.score,
        threshold=result.threshold, ratio=result.ratio, latency=math.nan,
        regions=[InspectionRegion(x=one.x, y=one.y, width=one.width, height=one.height,
                                  area=one.area, peak=one.peak) for one in result.regions])
    _set(message.triggered, trigger.triggered_ns)
    _set(message.done, done_ns)
    if frame is not None:
        message.header.frame_id = frame.message.header.frame_id
        message.width, message.height = frame.size
        set_stamp(message, frame.stamp_ns or frame.received_stamp_ns)
    examiner = trigger.examiner
    if examiner is not None:
        message.recipe, message.recipe_hash = examiner.recipe.name, examiner.recipe.hash
        message.detector = examiner.inspector.manifest.name
        message.detector_hash = examiner.inspector.hash
    return message


def recipe_message(recipe: Recipe, selected: bool) -> InspectionRecipe:
    """Return what people want to know of a recipe."""
    score = recipe.calibration.score
    width, height = recipe.frame_size or (0, 0)
    return InspectionRecipe(
        name=recipe.name, surface=recipe.surface, selected=selected,
        references=len(recipe.references), width=width, height=height, threshold=score.value,
        false_reject=score.asked,
        false_reject_bound=math.nan if score.bound is None else score.bound,
        review_band=recipe.calibration.review_band, odd=list(recipe.odd),
        notes=list(recipe.notes), detector=recipe.detector, detector_hash=recipe.detector_hash,
        hash=recipe.hash, created=recipe.created)


def entry_message(entry: Entry, selected: bool) -> InspectionRecipe:
    """Return an entry of the shelf, usable or not."""
    if entry.recipe is None:
        return InspectionRecipe(name=entry.name, problem=entry.problem, selected=selected)
    return recipe_message(entry.recipe, selected)


def _set(stamp, time_ns: int) -> None:
    stamp.sec, stamp.nanosec = divmod(time_ns, 1_000_000_000)
