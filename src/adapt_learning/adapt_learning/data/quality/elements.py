"""Single elements that jump, stand still or fall to zero while the rest goes on."""

import numpy as np

from adapt_learning.data.quality.rows import Rows

_NEARLY_ALWAYS = 0.95


def spikes(values: np.ndarray, rows: Rows, limit: np.ndarray) -> np.ndarray:
    """Return where some element sticks out of both neighbours by more than limit [D], bool [N]."""
    marked = np.zeros(len(values), dtype=bool)
    if len(values) > 2:
        step = np.diff(values, axis=0)
        before, after = step[:-1], step[1:]
        size = np.where(before * after < 0, np.minimum(np.abs(before), np.abs(after)), 0.0)
        inside = rows.episode[:-2] == rows.episode[2:]
        marked[1:-1] = (size > limit).any(axis=1) & inside
    return marked


def stuck(values: np.ndarray, rows: Rows, count: int) -> np.ndarray:
    """
    Return where an element that nearly always moves repeats for `count` rows, bool [N].

    Elements that rest by nature (a goal, a closed gripper, a block on its table) move in less
    than 95 % of the steps of all episodes and are left out.
    """
    marked = np.zeros(len(values), dtype=bool)
    inside = rows.episode[1:] == rows.episode[:-1]
    if len(values) < count or not inside.any():
        return marked
    same = (np.diff(values, axis=0) == 0) & inside[:, None]
    lively = 1 - same.sum(axis=0) / inside.sum() > _NEARLY_ALWAYS
    for column in same[:, lively].T:
        marked |= _long_runs(column, count - 1)
    return marked


def zeros(values: np.ndarray, rows: Rows) -> np.ndarray:
    """
    Return where the whole row is 0 though its neighbours and nearly all rows are not, bool [N].

    This is what a sensor that drops out leaves behind.
    """
    empty = ~values.any(axis=1)
    return empty if 0 < empty.mean() < 0.5 and not _mostly_ends(empty, rows) else empty & False


def _mostly_ends(empty: np.ndarray, rows: Rows) -> bool:
    """Return whether most empty rows are the first or last of an episode (a robot at rest)."""
    ends = np.zeros(len(empty), dtype=bool)
    ends[rows.start[:-1]] = ends[rows.start[1:] - 1] = True
    return bool((empty & ends).sum() > empty.sum() / 2)


def _long_runs(same: np.ndarray, least: int) -> np.ndarray:
    """Return the rows of runs of at least `least` repetitions; same [N-1] -> bool [N]."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], same.view(np.int8), [0]])))
    marked = np.zeros(len(same) + 1, dtype=np.int8)
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin >= least:
            marked[begin:end + 1] = 1
    return marked.astype(bool)
