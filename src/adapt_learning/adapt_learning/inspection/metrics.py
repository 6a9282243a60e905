"""How good a detector is: per picture, per pixel, per region, at its threshold.

A score says how odd something is, larger is odder; it is rejected from the threshold on. Labels
are 0 (good) and 1 (defective).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import cv2
import numpy as np

from adapt_learning.errors import SettingError

_KEY_BITS = 20
"""Sign, exponent and 11 bits of the fraction of a float32: 2^20 bins for all scores there are."""
BINS = 1 << _KEY_BITS
PRO_LIMIT = 0.3
"""AUPRO counts false-positive rates up to here, as in MVTec-AD."""


@dataclass(frozen=True)
class Binned:
    """An area under a curve that was counted in bins."""

    value: float
    error: float
    """The exact value differs by no more than this."""


@dataclass(frozen=True)
class RejectRate:
    """A share of good pictures that were rejected, with its Wilson interval."""

    rejected: int
    pictures: int
    rate: float
    low: float
    high: float


def image_auroc(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Return the area under the ROC curve of pictures; SettingError unless both kinds are there."""
    scores, labels = _checked(scores, labels)
    if labels.min() == labels.max():
        raise SettingError('an AUROC needs good and defective pictures; all '
                           f'{len(labels)} have the label {labels[0]}')
    from sklearn.metrics import roc_auc_score
    return float(roc_auc_score(labels, scores))


def f1_at(scores: Sequence[float], labels: Sequence[int], threshold: float) -> float:
    """Return F1 of 'defective' where scores from the threshold on are rejected; 0 if none is."""
    scores, labels = _checked(scores, labels)
    from sklearn.metrics import f1_score
    return float(f1_score(labels, scores >= threshold, zero_division=0.0))


def false_reject_rate(good_scores: Sequence[float], threshold: float,
                      confidence: float = 0.95) -> RejectRate:
    """
    Return the share of good pictures that reach the threshold (Wilson's interval, 1927).

    SettingError without pictures, for scores that are not finite, a confidence out of (0, 1).
    """
    scores, _ = _checked(good_scores, [0] * len(good_scores))
    if not 0 < confidence < 1:
        raise SettingError(f'a confidence lies between 0 and 1; got {confidence!r}')
    n, rejected = len(scores), int((scores >= threshold).sum())
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate, share = rejected / n, z * z / n
    half = z * math.sqrt(rate * (1 - rate) / n + share / (4 * n))
    low, high = ((rate + share / 2 + side * half) / (1 + share) for side in (-1, 1))
    # At the ends the formula gives 0 and 1 but for rounding.
    return RejectRate(rejected, n, rate, 0.0 if rejected == 0 else low,
                      1.0 if rejected == n else high)


class PixelScores:
    """
    Scores of all pixels of a test, counted in bins while the maps come in.

    It holds three tables of 2^20 bins (24 MB), however many maps there are. A bin is 1/2048 of a
    power of two wide, so nothing has to be known of the range; the cost is in `Binned.error`.
    """

    def __init__(self):
        self._good = np.zeros(BINS, np.int64)
        self._odd = np.zeros(BINS, np.int64)
        self._regions = np.zeros(BINS, np.float64)
        self.regions = 0
        """Connected parts of all masks so far."""

    def add(self, scores: np.ndarray, mask: np.ndarray) -> None:
        """
        Count a map float [h, w] and the mask [h, w] of the same size (0 is good).

        SettingError for other shapes and for scores that are not finite.
        """
        scores = np.ascontiguousarray(scores, np.float32)
        if scores.ndim != 2 or scores.shape != mask.shape:
            raise SettingError(f'a map and its mask are [h, w] of one size; got {scores.shape} and '
                               f'{mask.shape}: resize one of them')
        if not np.isfinite(scores).all():
            raise SettingError(f'scores are finite numbers; {int((~np.isfinite(scores)).sum())} of '
                               'a map are not: mend the detector')
        keys, odd = _keys(scores), mask > 0
        self._good += np.bincount(keys[~odd], minlength=BINS)
        if not odd.any():
            return
        self._odd += np.bincount(keys[odd], minlength=BINS)
        count, label = cv2.connectedComponents(odd.astype(np.uint8), connectivity=8)
        weight = 1 / np.maximum(np.bincount(label.ravel(), minlength=count), 1)
        self._regions += np.bincount(keys[odd], weights=weight[label[odd]], minlength=BINS)
        self.regions += count - 1

    def auroc(self) -> Binned:
        """Return the area under the ROC curve of pixels; SettingError unless both kinds came."""
        good, odd = self._totals()
        from sklearn.metrics import roc_auc_score
        used = np.flatnonzero(self._good + self._odd)
        value = roc_auc_score(
            np.repeat([0, 1], len(used)), np.tile(used, 2),
            sample_weight=np.concatenate((self._good[used], self._odd[used])))
        # Pairs in one bin count half; at the worst all of them are really in or out of order.
        tied = float((self._good[used] / good * (self._odd[used] / odd)).sum())
        return Binned(float(value), tied / 2)

    def aupro(self, limit: float = PRO_LIMIT) -> Binned:
        """
        Return the mean overlap of regions over false-positive rates up to a limit, as 0..1.

        Every connected part of a mask counts the same, whatever its size (Bergmann et al. 2019).
        SettingError without regions or good pixels, and for a limit out of (0, 1].
        """
        if not 0 < limit <= 1:
            raise SettingError(f'the limit of a false-positive rate lies in (0, 1]; got {limit!r}')
        good, _ = self._totals()
        used = np.flatnonzero(self._good + self._odd)[::-1]
        false = np.concatenate(([0.0], np.cumsum(self._good[used]) / good))
        overlap = np.concatenate(([0.0], np.cumsum(self._regions[used]) / self.regions))
        end = np.searchsorted(false, limit, side='right')
        x = np.append(false[:end], limit)
        y = np.append(overlap[:end], np.interp(limit, false, overlap))
        # Between two corners the true curve lies in their rectangle, the trapezium in its middle.
        error = float(np.sum(np.diff(x) * np.diff(y)) / 2)
        return Binned(float(np.trapezoid(y, x)) / limit, error / limit)

    def _totals(self) -> tuple[int, int]:
        good, odd = int(self._good.sum()), int(self._odd.sum())
        if not good or not odd:
            raise SettingError('measures of pixels need good and defective ones; got '
                               f'{good} and {odd}: give pictures with masks')
        return good, odd


def _keys(scores: np.ndarray) -> np.ndarray:
    """Return bins of float32 scores that are ordered as the scores are."""
    # -0.0 and 0.0 are equal and shall be in one bin.
    bits = (scores + np.float32(0)).view(np.uint32)
    # The bits of positive floats are ordered as integers; those of negative ones the other way.
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> (32 - _KEY_BITS)).astype(np.int64)


def _checked(scores: Sequence[float], labels: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    values, known = np.asarray(scores, np.float64), np.asarray(labels)
    if values.ndim != 1 or values.shape != known.shape or not len(values):
        raise SettingError('scores and labels are two lists of one length, not empty; got '
                           f'{values.shape} and {known.shape}')
    if not np.isfinite(values).all():
        raise SettingError(f'scores are finite numbers; {int((~np.isfinite(values)).sum())} of '
                           f'{len(values)} are not: leave pictures out that cannot be judged')
    if not np.isin(known, (0, 1)).all():
        raise SettingError(f'labels are 0 (good) and 1 (defective); got {np.unique(known)[:5]}')
    return values, known.astype(np.int64)
