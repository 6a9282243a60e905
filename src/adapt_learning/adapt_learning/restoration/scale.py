"""The scale of a side's values, measured so that pollution does not stretch it."""

import numpy as np

from adapt_learning.data.normalizer import Normalizer
from adapt_learning.errors import DatasetError

_LOW, _HIGH = 0.1, 0.9


def robust_normalizer(values: np.ndarray, finite: np.ndarray) -> Normalizer:
    """
    Fit mean and std of values [N, D] after pulling in what lies far outside.

    Every element is limited to the range of its middle 80 %, widened by the width of that range on
    both sides; elements of which 80 % are equal stay as they are (a rare gripper command is no
    outlier). Rows that are not `finite` bool [N] do not count; DatasetError where all are so.
    """
    usable = values[finite]
    if not len(usable):
        raise DatasetError('a dataset needs finite values to be restored; every row holds NaN or '
                           'infinity: run `adapt data report` to find out why')
    low, high = np.quantile(usable, [_LOW, _HIGH], axis=0)
    reach = high - low
    flat = reach <= 0
    low = np.where(flat, -np.inf, low - reach)
    high = np.where(flat, np.inf, high + reach)
    return Normalizer.fit(np.clip(usable, low, high))
