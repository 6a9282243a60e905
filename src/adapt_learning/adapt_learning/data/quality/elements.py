"""Values that jump, stand still, come again or fall to zero while the rest goes on."""

import numpy as np

from adapt_learning.data.quality.rows import Rows, spread

_NEVER = 0.3
"""An element is lively where it never repeats in this share of the episodes."""
_QUIET = 0.5
"""Beside a lone spike the element moves less than this share of the spike."""
_MOST = 0.95
_ABOVE_OTHERS = 1.5
_BACK = 8
_STILL = 1e-5
"""A step of less than this is none [std]."""


def rough(values: np.ndarray, std: np.ndarray, rows: Rows, limit: float) -> np.ndarray:
    """
    Return which elements cannot be foretold from their neighbours in time at all, bool [D].

    An element is rough where the 95 % quantile of its distance to the middle of both neighbours is
    at least `limit` of its std (white noise has 2.4) and well above that of the other elements.
    Such is a block that hardly moves until a contact lets it tip and rattle. Pollution of all
    elements makes none rough, because it lifts the others as well.
    """
    inside = rows.episode[2:] == rows.episode[:-2]
    distance = np.zeros(len(std))
    if inside.any():
        for i in np.flatnonzero(std > 0):
            value = values[:, i]
            off = np.abs(value[1:-1] - (value[2:] + value[:-2]) / 2)[inside]
            distance[i] = np.quantile(off, _MOST) / std[i]
    usual = np.median(distance[std > 0]) if (std > 0).any() else 0.0
    return (distance >= limit) & (distance >= _ABOVE_OTHERS * usual)


def spike_limit(values: np.ndarray, share: float) -> np.ndarray:
    """Return from which size on a value that jumps away and back is a spike, [D]; 0: never."""
    low, high = np.quantile(values, [0.01, 0.99], axis=0)
    return np.maximum((high - low) * share, 2 * spread(values))


def spikes(values: np.ndarray, rows: Rows, limit: np.ndarray) -> np.ndarray:
    """
    Return by how much the worst element sticks out of both neighbours, in limits [D], [N].

    Only a lone spike counts: the element is quiet on both sides of it. One that rattles (a block
    that is pushed and tips to and fro) has many, and they are real.
    """
    ratio = np.zeros(len(values), dtype=np.float32)
    if len(values) > 2:
        step = np.diff(values, axis=0)
        before, after = step[:-1], step[1:]
        size = np.where(before * after < 0, np.minimum(np.abs(before), np.abs(after)), 0.0)
        inside = rows.episode[:-2] == rows.episode[2:]
        quiet = np.abs(values[2:] - values[:-2])
        # The steps beside the spike, where they are in the same episode.
        near = np.abs(step) * (rows.episode[1:] == rows.episode[:-1])[:, None]
        quiet[1:] = np.maximum(quiet[1:], near[:-2])
        quiet[:-1] = np.maximum(quiet[:-1], near[2:])
        size = np.where(quiet <= size * _QUIET, size, 0.0)
        share = np.divide(size, limit, out=np.zeros(size.shape), where=limit > 0)
        ratio[1:-1] = share.max(axis=1, initial=0.0) * inside
    return ratio


def repeats(values: np.ndarray, rows: Rows) -> np.ndarray:
    """
    Return which rows are an exact copy of one of the eight rows before, bool [N].

    A robot in motion never comes back to the last bit: such a row was late or stuck. A robot at
    rest does, so the motion must go on after the copies with a step of the usual size; and where
    half of the rows are copies the values are coarse, and nothing is said. Where most rows are
    those of other episodes, too, values are settings that are switched (full speed this way and
    that), and to have one again is no accident.
    """
    copy = np.zeros(len(values), dtype=bool)
    for back in range(1, min(_BACK, len(values) - 1) + 1):
        same = (values[back:] == values[:-back]).all(axis=1)
        copy[back:] |= same & (rows.episode[back:] == rows.episode[:-back])
    if not 0 < copy.mean() < 0.5:
        return copy & False
    std = spread(values)
    step = np.abs(np.diff(values, axis=0) / np.where(std > 0, std, 1.0)).mean(axis=1)
    within = rows.episode[1:] == rows.episode[:-1]
    usual = np.median(step[within & (step > 0)])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], copy.view(np.int8), [0]])))
    begins, ends = edges[::2], edges[1::2]
    goes_on = np.append(within & (step >= usual), False)[ends - 1]
    returning = shared(values, rows)
    if returning.mean() > 0.5:
        goes_on &= ~returning[begins]
    for begin, end, kept in zip(begins, ends, goes_on, strict=True):
        copy[begin:end] = kept
    return copy


def shared(values: np.ndarray, rows: Rows) -> np.ndarray:
    """Return which rows are equal to a row of another episode, bool [N]."""
    code = _codes(values)
    once = np.unique(np.stack([code, rows.episode.astype(np.uint64)], 1), axis=0)
    found, episodes = np.unique(once[:, 0], return_counts=True)
    return np.isin(code, found[episodes > 1])


def _codes(values: np.ndarray) -> np.ndarray:
    """Return a number per row that is equal where the rows are, uint64 [N]."""
    bits = np.ascontiguousarray(values + np.float32(0), np.float32).view(np.uint32)  # -0 is 0
    factors = np.random.default_rng(0).integers(1, 2 ** 63, bits.shape[1], np.uint64) * 2 + 1
    return (bits.astype(np.uint64) * factors).sum(axis=1, dtype=np.uint64)


def stuck(values: np.ndarray, rows: Rows, count: int) -> np.ndarray:
    """
    Return where an element that nearly always moves repeats for `count` rows, bool [N].

    Elements that rest by nature (a goal, a closed gripper, a block on its table) repeat in nearly
    all episodes and are left out.
    """
    marked = np.zeros(len(values), dtype=bool)
    inside = rows.episode[1:] == rows.episode[:-1]
    if len(values) < count or not inside.any():
        return marked
    # Changes in the last digits of a resting element are no motion.
    same = (np.abs(np.diff(values, axis=0)) <= _STILL * spread(values)) & inside[:, None]
    per_episode = np.stack([np.bincount(rows.episode[1:], weights=column,
                                        minlength=len(rows.start) - 1) for column in same.T], 1)
    long_enough = np.diff(rows.start) > count
    if not long_enough.any():
        return marked
    lively = (per_episode == 0)[long_enough].mean(axis=0) >= _NEVER
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
