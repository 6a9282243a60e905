"""The bank: what a detector remembers of the references, bounded.

Rows are chosen by greedy core-set selection (farthest point first, the k-center rule of PatchCore,
arXiv 2106.08265): after m rows no patch of the references is far from a chosen one. It is done in
two steps, each reference by itself and then the union, so that the banks that leave one reference
out cost little more than one bank. Distances are measured in a fixed random projection. The same
pictures in the same order give the same bank.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adapt_learning.errors import SettingError

DEFAULT_LIMIT = 2048
"""Rows per level; at 64 numbers per row half a megabyte."""
_PROJECTED = 24
"""Distances are kept within about a fifth (Johnson and Lindenstrauss), and fit the cache."""
_SAME = 1e-6
"""Squared distances below this share of the largest square are rounding errors."""
_SURPLUS = 2
"""After the first step the union holds about so many times the rows that are wanted."""


@dataclass(frozen=True)
class Bank:
    """Patches of the references, float32 [N_k, D_k] per level."""

    levels: tuple[np.ndarray, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """Return the number of rows per level."""
        return tuple(len(level) for level in self.levels)

    @property
    def nbytes(self) -> int:
        """Return the size in memory."""
        return sum(level.nbytes for level in self.levels)


class Patches:
    """Patches of every reference, each thinned once; makes banks of all or of all but one."""

    def __init__(self, pictures: Sequence[Sequence[np.ndarray]], limit: int = DEFAULT_LIMIT):
        """
        Take patches[reference][level] float32 [P_k, D_k].

        `limit` bounds the rows of a bank per level.
        """
        if not pictures:
            raise SettingError('a bank is made of at least one reference; got none')
        if limit < 1:
            raise SettingError(f'a bank holds at least one row per level; got a limit of {limit}')
        self._limit = limit
        share = -(-_SURPLUS * limit // len(pictures))
        self._thinned = [[_thin(level, share) for level in levels] for levels in pictures]

    def __len__(self) -> int:
        """Return the number of references."""
        return len(self._thinned)

    def bank(self, without: int | None = None) -> Bank:
        """Return the bank of all references, or of all but one; SettingError if none is left."""
        kept = [levels for i, levels in enumerate(self._thinned) if i != without]
        if not kept:
            raise SettingError('a bank is made of at least one reference; the only one was left '
                               'out')
        return Bank(tuple(_thin(np.concatenate(rows), self._limit)
                          for rows in zip(*kept, strict=True)))


def _thin(rows: np.ndarray, limit: int) -> np.ndarray:
    """Return at most `limit` rows, in their order."""
    rows = np.ascontiguousarray(rows, np.float32)
    if len(rows) <= limit:
        return rows
    return np.ascontiguousarray(rows[np.sort(farthest_first(rows, limit))])


def farthest_first(rows: np.ndarray, count: int) -> np.ndarray:
    """
    Return the indices [count] of a greedy core-set of rows [N, D], in the order of choice.

    The first is the row next to the mean; each further one is the row whose nearest chosen row is
    farthest. Ties go to the first row. Stops early when nothing new is left.
    """
    points = _projected(rows)
    squares = np.einsum('nd,nd->n', points, points)
    chosen = np.empty(min(count, len(points)), np.int64)
    middle = points.mean(axis=0)
    chosen[0] = np.argmin(squares - 2.0 * (points @ middle))
    nearest = np.full(len(points), np.inf, np.float32)
    same = _SAME * squares.max()
    for i in range(1, len(chosen)):
        last = chosen[i - 1]
        np.minimum(nearest, squares - 2.0 * (points @ points[last]) + squares[last], out=nearest)
        nearest[last] = -np.inf
        chosen[i] = np.argmax(nearest)
        if nearest[chosen[i]] <= same:
            return chosen[:i]
    return chosen


def _projected(rows: np.ndarray) -> np.ndarray:
    size = rows.shape[1]
    # Around the mean float32 has digits to spare for the differences.
    rows = rows - rows.mean(axis=0)
    if size <= _PROJECTED:
        return rows
    directions = np.random.default_rng(0).normal(size=(size, _PROJECTED)) / np.sqrt(_PROJECTED)
    return rows @ directions.astype(np.float32)
