"""Verdicts: what becomes of a part, and why.

    ratio = score / threshold
    OK: ratio < 1    REVIEW: 1 <= ratio < 1 + review_band    NOK: above    INVALID: not judged

A frame that cannot be judged is INVALID with a reason, whatever its score would be; never OK. The
numbers are those of adapt_msgs/msg/InspectionVerdict.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from adapt_learning.inspection.quality import Quality, QualityLimits


class Verdict(IntEnum):
    """What becomes of a part."""

    NONE = 0
    """Nothing has been judged yet."""
    OK = 1
    NOK = 2
    REVIEW = 3
    """Near the threshold: somebody should look."""
    INVALID = 4


class Reason(IntEnum):
    """Why a verdict is not simply OK or NOK."""

    NONE = 0
    NEAR_THRESHOLD = 1
    BLURRED = 2
    OVER_EXPOSED = 3
    UNDER_EXPOSED = 4
    EMPTY = 5
    WRONG_SIZE = 6
    STALE = 7
    UNREADABLE = 8
    NO_FRAME = 9
    NOT_FINITE = 10
    NO_RECIPE = 11
    STOPPED = 12
    INTERNAL_ERROR = 13
    BUSY = 14


@dataclass(frozen=True)
class Region:
    """A connected part of the map above its threshold, in pixels of the frame."""

    x: int
    y: int
    width: int
    height: int
    area: int
    """Pixels above the threshold."""
    peak: float
    """Largest value inside; 1 = threshold of the map."""


@dataclass(frozen=True)
class Result:
    """What an inspection of one frame says."""

    verdict: Verdict
    reason: Reason
    text: str
    """One sentence for people; empty for OK."""
    score: float = math.nan
    threshold: float = math.nan
    regions: tuple[Region, ...] = ()
    map: np.ndarray | None = field(default=None, compare=False, repr=False)
    """float32 [h, w], None where nothing was judged."""
    map_threshold: float = math.nan
    quality: Quality | None = None

    @property
    def ratio(self) -> float:
        """Return the score as a share of the threshold; NaN where nothing was judged."""
        return self.score / self.threshold

    def as_dict(self) -> Mapping[str, Any]:
        """Return what fits into JSON: all but the map; numbers that are none are null."""
        def number(value: float) -> float | None:
            return value if math.isfinite(value) else None

        return {
            'verdict': self.verdict.name, 'reason': self.reason.name, 'text': self.text,
            'score': number(self.score), 'threshold': number(self.threshold),
            'ratio': number(self.ratio), 'regions': [asdict(one) for one in self.regions],
            'quality': None if self.quality is None else asdict(self.quality)}


def invalid(reason: Reason, text: str, quality: Quality | None = None) -> Result:
    """Return the result for a frame that is not judged."""
    return Result(Verdict.INVALID, reason, text, quality=quality)


def of_score(score: float, threshold: float, review_band: float) -> tuple[Verdict, Reason, str]:
    """Return what a finite score means, and one sentence."""
    if score < threshold:
        return Verdict.OK, Reason.NONE, ''
    ratio = score / threshold
    if ratio < 1.0 + review_band:
        return Verdict.REVIEW, Reason.NEAR_THRESHOLD, (
            f'the score is {ratio:.3f} of the threshold, within the band of {review_band:g} above '
            'it: somebody should look')
    return Verdict.NOK, Reason.NONE, f'the score is {ratio:.2f} times the threshold'


def of_quality(quality: Quality, limits: QualityLimits) -> tuple[Reason, str] | None:
    """Return why a frame cannot be judged, or None; exposure goes before what follows from it."""
    if quality.bright > limits.most_bright:
        return Reason.OVER_EXPOSED, (
            f'{quality.bright:.0%} of the frame are saturated, at most {limits.most_bright:.0%} '
            'may be on this surface: less light or a shorter exposure')
    if quality.dark > limits.most_dark:
        return Reason.UNDER_EXPOSED, (
            f'{quality.dark:.0%} of the frame are black, at most {limits.most_dark:.0%} may be on '
            'this surface: more light or a longer exposure; is the lens covered?')
    if quality.spread < limits.least_spread:
        return Reason.EMPTY, (
            f'the frame is uniform (spread {quality.spread:.1f} grey values, at least '
            f'{limits.least_spread:.1f} are needed): is there a part, is the camera at work and in '
            'focus?')
    if quality.sharpness < limits.least_sharpness:
        return Reason.BLURRED, (
            f'the frame is blurred (sharpness {quality.sharpness:.1f}, at least '
            f'{limits.least_sharpness:.1f} is needed): look at focus and motion')
    return None
