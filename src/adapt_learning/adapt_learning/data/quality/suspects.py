"""Which rows do not fit between their neighbours in time.

A robot moves smoothly, so a row can be foretold from the rows beside it. Neighbours may be
polluted as well; therefore a row is foretold from many pairs of neighbours (at most three steps
away, on both sides or on one), and what counts is the pair that foretells it best: a clean row
agrees with some pair, a polluted one with none.

Faults that neighbours share are added: an exact copy of an earlier row, a row of zeros, a single
value that jumps away and back, and what lies between a jump and the jump that takes it back.

The distance of a row to what was foretold is (mean over elements of sqrt|difference|)^2, with
differences in standard deviations of the element. The square root keeps an event of one element
(a finger that closes, a block that tips) from looking like noise on all. Elements that are as
rough as noise while the others are smooth are left out.
"""

from dataclasses import dataclass

import numpy as np

from adapt_learning.data.quality import elements
from adapt_learning.data.quality.config import QualityConfig
from adapt_learning.data.quality.rows import Rows, scaled

_PAIRS = tuple((a, b) for a in (-1, -2, -3) for b in (1, 2, 3)) + (
    (-1, -2), (1, 2), (-1, -3), (1, 3), (-2, -3), (2, 3))
_TAKEN_BACK = -0.7
"""Cosine between two jumps below which the second takes the first back."""
_BEFORE, _AFTER = ((-1, -2), (-1, -3), (-2, -3)), ((1, 2), (1, 3), (2, 3))


@dataclass(frozen=True, eq=False)
class Suspects:
    """Scores of one side (states or actions) and what they say."""

    score: np.ndarray
    """Distance to what the neighbours foretell, float32 [N] [std]; at least the limit where a
    rule of `elements` is broken."""
    limit: float
    """From this score on a row is suspected."""
    judged: bool
    """False: this side is so rough that a row cannot be judged by its neighbours."""
    jump: np.ndarray
    """Rows where the motion goes on elsewhere (a bias begins, a shifted piece ends), bool [N]."""
    copied: np.ndarray
    """Rows that repeat an earlier one exactly although the motion goes on, bool [N]."""
    spiked: np.ndarray
    """Rows where a single value jumps away and back, bool [N]."""
    zero: np.ndarray
    """Rows that are 0 as a whole though hardly any is, bool [N]."""
    rough: np.ndarray
    """Elements that no neighbour foretells and that are not judged by them, bool [D]."""

    @property
    def rows(self) -> np.ndarray:
        """Return which rows are suspected, bool [N]."""
        return self.score >= self.limit if self.judged else np.zeros(len(self.score), dtype=bool)

    @classmethod
    def of(cls, values: np.ndarray, std: np.ndarray, rows: Rows,
           config: QualityConfig) -> 'Suspects':
        """Score the values [N, D] of one side."""
        rough = elements.rough(values, std, rows, config.rough_element)
        std = np.where(rough, 0.0, std)  # as one that never moves: it takes no part below
        parts = [_score(scaled(values[part], std), rows.episode[part]) for part in rows.chunks()]
        score, step = (np.concatenate(column) for column in zip(*parts, strict=True))
        usual = float(np.median(score))
        judged = usual <= config.too_rough
        limit = max(config.suspicious, config.roughness * usual)
        zero = elements.zeros(values, rows)
        copied = elements.repeats(values, rows) & ~zero
        spike_limit = np.where(rough, 0.0, elements.spike_limit(values, config.spike))
        spike = elements.spikes(values, rows, spike_limit)
        score = np.maximum(score, limit * spike)
        score[copied | zero] = np.maximum(score[copied | zero], 2 * limit)
        jump = _apart(step >= max(config.jump, limit), score >= limit) & judged
        offset = _between(values, std, jump, rows)
        score[offset] = np.maximum(score[offset], limit)
        jump = _apart(jump, offset)
        return cls(score, limit, judged, jump, copied, spike >= 1, zero, rough)


def foretold_distance(values: np.ndarray, episode: np.ndarray,
                      pairs: tuple[tuple[int, int], ...]) -> np.ndarray:
    """
    Return the distance of each row to the best of what pairs of neighbours foretell, [N].

    Each pair (a, b) of offsets is continued in a straight line to the row. Infinite where no pair
    lies within the episode.
    """
    neighbors = {offset: _neighbor(values, episode, offset) for pair in pairs for offset in pair}
    best = np.full(len(values), np.inf, dtype=np.float32)
    for a, b in pairs:
        weight = np.float32(b / (b - a))
        (first, there), (second, too) = neighbors[a], neighbors[b]
        distance = _distance(values, weight * first + (1 - weight) * second)
        np.minimum(best, distance, out=best, where=there & too)
    return best


def _apart(jump: np.ndarray, suspected: np.ndarray) -> np.ndarray:
    """Return the jumps [N] that do not begin or end at a suspected row."""
    result = jump & ~suspected
    result[1:] &= ~suspected[:-1]
    return result


def _between(values: np.ndarray, std: np.ndarray, jump: np.ndarray, rows: Rows) -> np.ndarray:
    """Return the rows between a jump and the next one, if that takes it back (a bias), bool [N]."""
    marked = np.zeros(len(values), dtype=bool)
    at, moves = np.flatnonzero(jump), std > 0
    leap = (values[at][:, moves].astype(np.float64) - values[at - 1][:, moves]) / std[moves]
    size = np.linalg.norm(leap, axis=1)
    for i in range(len(at) - 1):
        begin, end = at[i], at[i + 1]
        number = rows.episode[begin]
        half = (rows.start[number + 1] - rows.start[number]) / 2
        if (rows.episode[end] == number and end - begin <= half
                and leap[i] @ leap[i + 1] < _TAKEN_BACK * size[i] * size[i + 1]):
            marked[begin:end] = True
    return marked


def _score(values: np.ndarray, episode: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (score, size of the step into each row), both [N] in std."""
    if not values.shape[1]:
        return np.zeros(len(values), np.float32), np.zeros(len(values), np.float32)
    score = foretold_distance(values, episode, _PAIRS)
    before, there = _neighbor(values, episode, -1)
    after, too = _neighbor(values, episode, 1)
    stands = np.where(there, _distance(values, before), np.inf)
    np.minimum(score, stands, out=score)
    np.minimum(score, np.where(too, _distance(values, after), np.inf), out=score)
    # A step is real where neither side, continued, meets the other.
    step = np.minimum(stands, foretold_distance(values, episode, _BEFORE))
    back = foretold_distance(values, episode, _AFTER)
    step[1:] = np.minimum(step[1:], back[:-1])
    return (np.where(np.isfinite(score), score, 0.0).astype(np.float32),
            np.where(np.isfinite(step), step, 0.0).astype(np.float32))


def _neighbor(values: np.ndarray, episode: np.ndarray,
              offset: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows `offset` later (own row at the border) and whether they are there."""
    own = np.arange(len(values))
    other = np.clip(own + offset, 0, len(values) - 1)
    there = (other == own + offset) & (episode[other] == episode)
    return values[np.where(there, other, own)], there


def _distance(values: np.ndarray, foretold: np.ndarray) -> np.ndarray:
    return np.sqrt(np.abs(values - foretold)).mean(axis=1) ** 2
