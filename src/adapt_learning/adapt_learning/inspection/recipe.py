"""A recipe: all that one surface needs, in memory (`recipe_file` has it on disk)."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from adapt_learning.errors import ArtifactError, SettingError
from adapt_learning.inspection.bank import Bank
from adapt_learning.inspection.calibration import Threshold, calibrate
from adapt_learning.inspection.quality import QualityLimits

_NAME = re.compile(r'[A-Za-z0-9_-]{1,64}')


class _Detector(Protocol):
    """What a recipe wants to know of an inspector."""

    @property
    def hash(self) -> str:
        """Return the hash of the detector."""

    def check_bank(self, levels: Sequence[np.ndarray]) -> None:
        """Raise ArtifactError unless the levels fit."""


@dataclass(frozen=True)
class Reference:
    """One reference picture."""

    file: str
    """Below references/."""
    source: str
    """Name of the file it came from, or live_N."""
    sha256: str
    """Of that file."""


@dataclass(frozen=True)
class Calibration:
    """Thresholds and what they follow from."""

    score: Threshold
    map: Threshold
    """Of the map's largest value."""
    review_band: float
    scores: tuple[float, ...]
    """Leave-one-out, in the order of the references (of the copies, if there is only one)."""
    peaks: tuple[float, ...]
    """The same of the map's largest value."""


@dataclass(frozen=True)
class Recipe:
    """A recipe in memory."""

    name: str
    surface: str
    """What it is, for people."""
    detector: str
    detector_hash: str
    references: tuple[Reference, ...]
    frame_size: tuple[int, int] | None
    """Width and height that frames must have; None: any."""
    limits: QualityLimits
    calibration: Calibration
    odd: tuple[str, ...]
    """Sources of the references that look odd among the others."""
    notes: tuple[str, ...]
    """One sentence each: what people should know of it."""
    created: str
    code_version: str
    bank: Bank = dataclasses.field(compare=False, repr=False)
    positions: int = 1
    """In how many each reference is in the bank, turned and mirrored; 1: as it is."""
    hash: str = ''
    """SHA-256 of its recipe.json, which holds the hashes of the rest; empty: not written yet."""

    def check_detector(self, detector: _Detector) -> None:
        """Raise ArtifactError where the recipe was made with another detector."""
        if detector.hash != self.detector_hash:
            raise ArtifactError(
                f"recipe '{self.name}' was made with the detector {self.detector} "
                f'({self.detector_hash[:12]}), and this one is {detector.hash[:12]}; scores of one '
                'mean nothing to the other: use that detector, or fit the recipe anew')
        detector.check_bank(self.bank.levels)

    def recalibrated(self, false_reject: float, review_band: float | None = None) -> 'Recipe':
        """Return the recipe for another false-reject rate; references and bank stay."""
        old = self.calibration
        new = make_calibration(old.scores, old.peaks, false_reject,
                               old.review_band if review_band is None else review_band,
                               copies=len(self.references) == 1)
        return dataclasses.replace(self, calibration=new, hash='')


def make_calibration(scores: Sequence[float], peaks: Sequence[float], false_reject: float,
                     review_band: float, copies: bool) -> Calibration:
    """Return the thresholds of score and map; SettingError for settings out of their range."""
    if not 0.0 <= review_band <= 10.0:
        raise SettingError('review_band is the share above the threshold in which somebody should '
                           f'look, 0..10; got {review_band}')
    return Calibration(calibrate(scores, false_reject, copies),
                       calibrate(peaks, false_reject, copies), review_band,
                       tuple(map(float, scores)), tuple(map(float, peaks)))


def check_name(name: str) -> str:
    """Return the name of a recipe; SettingError unless it is a plain one."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SettingError('names of recipes are 1 to 64 letters, digits, _ and -, without '
                           f'folders; got {str(name)[:80]!r}')
    return name
