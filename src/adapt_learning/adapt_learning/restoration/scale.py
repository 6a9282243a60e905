"""The scale of a side's values, measured so that pollution does not stretch it."""

import numpy as np

from adapt_learning.data.normalizer import Normalizer
from adapt_learning.errors import DatasetError

_LOW, _HIGH = 0.1, 0.9


def robust_normalizer(values: np.ndarray, finite: np.ndarray) -> Normalizer:
    """
    Fit mean and std of values [N, D] without what lies far outside.

    Of every element counts what lies in the range of its middle 80 %, widened by the width of that
    range on both sides; of elements of which 80 % are equal everything counts (a rare gripper
    command is no outlier). Rows that are not `finite` bool [N] do not count; DatasetError where
    no row does.
    """
    usable = values[finite]
    if not len(usable):
        raise DatasetError('a dataset needs finite values to be restored; every row holds NaN or '
                           'infinity: run `adapt data report` to find out why')
    low, high = np.quantile(usable, [_LOW, _HIGH], axis=0)
    reach = high - low
    flat = reach <= 0
    far = ((usable < low - reach) | (usable > high + reach)) & ~flat
    inside = np.ma.masked_array(usable, far, dtype=np.float64)
    return Normalizer(inside.mean(axis=0).data, inside.std(axis=0).data)
