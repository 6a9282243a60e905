"""Thresholds from references alone, with the false-reject rate that can be promised.

Each reference is scored against a bank of the others. If frames of good parts come from where the
references came from, the score of a new one falls with equal chance between any two of the n
ordered scores. Below the k-th smallest it stays with a chance of at least k / (n + 1), so with
k = ceil((n + 1) (1 - alpha)) at most a share alpha of good parts is refused (split conformal
prediction; with scores that leave one out the rule is a little careful, because a new frame is
judged by one reference more). Where k > n no rank of the scores is far enough out: the
largest with a margin is taken, and what can be promised is 1 / (n + 1) and not alpha.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adapt_learning.errors import SettingError

MARGIN, COPIES_MARGIN = 1.1, 1.3
"""Above the largest score; copies of one picture are more alike than two pictures are."""
RANK, MARGIN_METHOD, COPIES = 'rank', 'largest with margin', 'changed copies'
_ODD_Z, _ODD_RATIO = 3.5, 1.5
_MAD_TO_SIGMA = 0.6745


@dataclass(frozen=True)
class Threshold:
    """A threshold and what it promises."""

    value: float
    """Scores below are good."""
    asked: float
    """The false-reject rate that was asked for."""
    bound: float | None
    """The false-reject rate that is promised; None: nothing can be."""
    method: str

    @property
    def sentence(self) -> str:
        """Say for people what is promised."""
        if self.bound is None:
            return ('calibrated with changed copies of one reference: nothing can be promised of '
                    'the false-reject rate; add references')
        if self.bound > self.asked:
            return (f'at most {self.bound:.1%} of good parts are refused, which is the least that '
                    f'{round(1 / self.bound) - 1} references can promise ({self.asked:.1%} was '
                    f'asked, which takes {_needed(self.asked)})')
        return f'at most {self.bound:.1%} of good parts are refused ({self.asked:.1%} was asked)'


def calibrate(scores: Sequence[float], false_reject: float, copies: bool = False) -> Threshold:
    """
    Return the threshold for scores [n] of good pictures and a false-reject rate in 0..1.

    `copies`: the scores are those of changed copies of one reference. Raises SettingError for a
    rate out of its range and for scores that no threshold above zero follows from.
    """
    check_rate(false_reject)
    ordered = np.sort(np.asarray(scores, np.float64))
    if ordered.ndim != 1 or not len(ordered) or not np.isfinite(ordered).all():
        raise SettingError('a threshold follows from at least one finite score of a good picture; '
                           f'got {list(scores)[:8]}')
    n = len(ordered)
    # Without the rounding 20 (1 - 0.05) would be 19.000000000000004 and its ceiling 20.
    k = math.ceil(round((n + 1) * (1.0 - false_reject), 9))
    if copies:
        value, bound, method = ordered[-1] * COPIES_MARGIN, None, COPIES
    elif k <= n:
        # A new score that equals the k-th (a detector with steps) is good.
        value, bound, method = np.nextafter(ordered[k - 1], np.inf), (n + 1 - k) / (n + 1), RANK
    else:
        value, bound, method = ordered[-1] * MARGIN, 1.0 / (n + 1), MARGIN_METHOD
    if ordered[0] < 0.0 or value <= np.finfo(np.float32).tiny:
        raise SettingError('scores of good pictures lie above zero, so that a verdict can be a '
                           f'share of the threshold; got {ordered[0]:g}..{ordered[-1]:g}: are the '
                           'references all the same picture?')
    return Threshold(float(value), false_reject, bound, method)


def check_rate(false_reject: float) -> None:
    """Raise SettingError unless a false-reject rate can be asked for."""
    if not 0.0 < false_reject < 1.0:
        raise SettingError('the false-reject rate lies above 0 and below 1, such as 0.01 for one '
                           f'good part in a hundred; got {false_reject}')


def odd_ones(scores: Sequence[float]) -> list[int]:
    """
    Return the indices of references whose score is far above the others.

    Far: a robust z-score (median, median absolute deviation) above 3.5 and more than 1.5 times the
    median. With fewer than four references nobody can say which one is odd.
    """
    values = np.asarray(scores, np.float64)
    if len(values) < 4:
        return []
    median = np.median(values)
    deviation = np.median(np.abs(values - median))
    far = _MAD_TO_SIGMA * (values - median) > _ODD_Z * deviation
    return [int(i) for i in np.flatnonzero(far & (values > _ODD_RATIO * median))]


def _needed(false_reject: float) -> int:
    """Return how many references promise this rate: 1 / (n + 1) <= rate."""
    return math.ceil(round(1.0 / false_reject, 9)) - 1
