"""Values that are no measurement at all: nothing is left in them to be restored (ours).

A filter compares values, and is misled where thousands of them are alike: to the Local Outlier
Factor the zeros of a sensor that drops out are the densest and so the most normal region of all.
Such rows are known without any comparison.
"""

import numpy as np

from adapt_learning.data.dataset import Dataset
from adapt_learning.data.quality import QualityConfig, elements
from adapt_learning.data.quality.rows import Rows

_FEW = 0.001
"""A smaller share of drop-outs or copies may be chance, and stays."""
_SHORT = 3
"""Rows of a usual drop-out, at most; who rests, rests longer."""


def missing_rows(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """
    Return which states and which actions are missing, two bool [N].

    Missing is: NaN or infinity; a value that no sensor measures, such as 3e38; a row of zeros where
    hardly any is, and most of these are alone (a drop-out, not a robot at rest); an exact copy of
    one of the eight rows before although the motion goes on (a value that is stuck or late). A copy
    of what other episodes have, too, is none: whoever holds still or pushes with all force comes
    back to the same command, and is not edited for it.
    """
    rows = Rows.of(dataset, QualityConfig.absurd)
    state, action = (
        ~np.isfinite(raw).all(axis=1) | absurd | _many(_dropped(values, rows))
        | _many(elements.repeats(values, rows) & ~elements.shared(values, rows))
        for raw, values, absurd in zip(dataset.pairs(), (rows.observation, rows.action),
                                       rows.absurd, strict=True))
    return state, action


def _many(found: np.ndarray) -> np.ndarray:
    return found if found.mean() >= _FEW else found & False


def _dropped(values: np.ndarray, rows: Rows) -> np.ndarray:
    zero = elements.zeros(values, rows)
    starts = zero & np.concatenate([[True], ~zero[:-1] | (rows.episode[1:] != rows.episode[:-1])])
    run = np.cumsum(starts)
    length = np.bincount(run[zero], minlength=1)
    short = length[run] <= _SHORT
    return zero if (zero & short).sum() > zero.sum() / 2 else zero & False
