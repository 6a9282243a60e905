"""What a value is restored by: the other side of its pair, and neighbours in time if wanted."""

import numpy as np

from adapt_learning.restoration.base import Side


class Conditions:
    """
    Builds the condition vectors of one side.

    In the dissertation the condition of a state is its action and the other way round. With
    `context` k the values of both sides at the k rows before and the k rows after are added, each
    with a flag: what is suspected, or beyond the episode, is 0 with flag 0. Training meets the same
    gaps as restoration, because its rows lie between suspected ones, too. `other_may_lack` adds
    a flag for the other side of the pair itself, so that pairs with both sides polluted can be
    restored from their neighbours.
    """

    def __init__(self, side: Side, suspected: np.ndarray, other_suspected: np.ndarray,
                 context: int, other_may_lack: bool):
        self.side, self.context, self.other_may_lack = side, context, other_may_lack
        self.known, self.other_known = ~suspected, ~other_suspected

    @property
    def size(self) -> int:
        """Return C."""
        other = self.side.other.shape[1]
        both = self.side.values.shape[1] + other
        return other + self.other_may_lack + 2 * self.context * (both + 2)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return the conditions of rows int64 [B], float32 [B, C]."""
        side = self.side
        parts = [side.other[rows]]
        if self.other_may_lack:
            parts = self._shown(side.other, self.other_known, rows, np.ones(len(rows), bool))
        for offset in (*range(-self.context, 0), *range(1, self.context + 1)):
            index, inside = side.neighbor(offset)
            index, inside = index[rows], inside[rows]
            parts += self._shown(side.values, self.known, index, inside)
            parts += self._shown(side.other, self.other_known, index, inside)
        return np.concatenate(parts, axis=1).astype(np.float32, copy=False)

    @staticmethod
    def _shown(values: np.ndarray, known: np.ndarray, index: np.ndarray,
               inside: np.ndarray) -> list[np.ndarray]:
        shown = (known[index] & inside)[:, None]
        return [np.where(shown, values[index], np.float32(0)), shown.astype(np.float32)]
