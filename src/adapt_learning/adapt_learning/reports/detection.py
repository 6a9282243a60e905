"""How well pollution was found, where the input says what was polluted."""

from dataclasses import dataclass

import numpy as np

from adapt_learning.reports.compare import Edits
from adapt_learning.reports.page import percent


@dataclass(frozen=True)
class Detection:
    """Numbers of one side; shares are of all rows of the input unless it is said otherwise."""

    side: str
    polluted: float
    found: float
    """Share of the polluted rows that were suspected or dropped."""
    false: float
    """Share of the clean rows that were suspected or dropped."""
    auc: float
    """Area under the ROC curve of the filter's score, on the rows that are left."""
    edited: float
    """Share of the polluted rows left that were edited."""
    touched: float
    """Share of the clean rows left that were edited."""
    size: float
    """Mean absolute edit of those, per value [std]."""

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        return (f'{self.side}s', *(percent(v) for v in (self.polluted, self.found, self.false)),
                f'{self.auc:.3f}' if self.auc == self.auc else '-',
                *(percent(v) for v in (self.edited, self.touched)), f'{self.size:.3g}')


def detection(edits: Edits, side: str) -> Detection | None:
    """Return the numbers of a side; None where the input does not say what was polluted."""
    name = f'adapt.{side}_polluted'
    if not all(name in episode.extras for episode in edits.before):
        return None
    truth = np.concatenate([e.extras[name] for e in edits.before]).astype(bool)
    left = truth[edits.source]
    suspected = edits.dropped.copy()
    suspected[edits.source] |= edits.flag(side, 'suspected')
    edited = edits.flag(side, 'edited')
    touched = edited & ~left
    size = np.abs(edits.change(side)[touched])
    return Detection(
        side, _mean(truth), _mean(suspected[truth]), _mean(suspected[~truth]),
        roc_auc(edits.values(f'adapt.{side}_score'), left), _mean(edited[left]),
        _mean(touched[~left]), float(size.mean()) if size.size else 0.0)


def roc_auc(score: np.ndarray, positive: np.ndarray) -> float:
    """
    Return the area under the ROC curve of scores [n] for a truth bool [n]; ties count half.

    NaN where only one kind is there.
    """
    count = int(positive.sum())
    if not 0 < count < len(positive):
        return float('nan')
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((rank[positive].sum() - count * (count + 1) / 2)
                 / (count * (len(positive) - count)))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0
