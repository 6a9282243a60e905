"""How many rows after a command the state moves: the truth about latency."""

from dataclasses import dataclass

import numpy as np

from adapt_learning.data.quality.rows import Rows

_LAGS = tuple(range(-4, 9))
_COUPLED = 0.5
"""Correlation from which an action element is taken to drive a state element."""
_ROWS = 200_000
_SHORTEST = 12
"""Rows that an episode needs for a lag of its own."""


@dataclass(frozen=True, eq=False)
class Lag:
    """Delay between the rows of commands and the rows where they show."""

    usual: int | None
    """Rows from command to motion in most episodes; 0: the row that follows shows it; None: no
    element of the action drives an element of the state."""
    episode: np.ndarray
    """The same for each episode, int64 [E]; the usual lag where it cannot be told."""
    pairs: tuple[tuple[int, int], ...] = ()
    """(action element, state element) that are coupled."""

    @classmethod
    def of(cls, rows: Rows, trusted: np.ndarray) -> 'Lag':
        """
        Correlate every action element with every change of state, shifted by -4..8 rows.

        Rows that are not trusted [N] are left out.
        """
        episodes = len(rows.start) - 1
        unknown = cls(None, np.zeros(episodes, dtype=np.int64))
        end = int(rows.start[np.searchsorted(rows.start, min(_ROWS, len(rows)))])
        if end < 3 * len(_LAGS):
            return unknown
        tables = np.stack([_coupling(rows, trusted, slice(0, end), lag) for lag in _LAGS])
        pairs = []
        for number, table in enumerate(np.abs(tables).max(axis=0)):
            state = int(table.argmax())
            if table[state] >= _COUPLED:
                pairs.append((number, state))
        if not pairs:
            return unknown
        sign = [np.sign(tables[np.abs(tables[:, a, s]).argmax(), a, s]) for a, s in pairs]
        sums = np.stack([_per_episode(rows, trusted, pairs, sign, lag) for lag in _LAGS])
        own = np.array(_LAGS)[sums.argmax(axis=0)]
        usual = int(np.bincount(own - _LAGS[0]).argmax() + _LAGS[0])
        # A lag of its own needs a clear win over the usual one and enough rows.
        clear = sums.max(axis=0) > sums[_LAGS.index(usual)] + 0.1
        own = np.where(clear & (np.diff(rows.start) >= _SHORTEST), own, usual)
        return cls(usual, own.astype(np.int64), tuple(pairs))


def _shifted(rows: Rows, trusted: np.ndarray, part: slice,
             lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows t of commands and rows t + lag, where t + lag + 1 is in the same episode."""
    now = np.arange(part.start, part.stop)
    later = now + lag
    inside = (later >= 0) & (later + 1 < len(rows))
    now, later = now[inside], later[inside]
    same = ((rows.episode[now] == rows.episode[later])
            & (rows.episode[now] == rows.episode[later + 1])
            & trusted[now] & trusted[later] & trusted[later + 1])
    return now[same], later[same]


def _coupling(rows: Rows, trusted: np.ndarray, part: slice, lag: int) -> np.ndarray:
    """Return the correlations of all action elements with all changes of state, [A, S]."""
    now, later = _shifted(rows, trusted, part, lag)
    if len(now) < 3:
        return np.zeros((rows.action.shape[1], rows.observation.shape[1]))
    action, change = _unit(rows.action[now]), _unit(_change(rows, later, slice(None)))
    return action.T @ change / len(now)


def _per_episode(rows: Rows, trusted: np.ndarray, pairs: list[tuple[int, int]],
                 sign: list[float], lag: int) -> np.ndarray:
    """Return the mean correlation over the coupled pairs within each episode, [E]."""
    now, later = _shifted(rows, trusted, slice(0, len(rows)), lag)
    result = np.zeros(len(rows.start) - 1)
    owner = rows.episode[now]
    count = np.maximum(np.bincount(owner, minlength=len(result)), 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(owner, weights=values, minlength=len(result)) / count

    for (a, s), way in zip(pairs, sign, strict=True):
        x = rows.action[now, a].astype(np.float64)
        y = _change(rows, later, slice(s, s + 1))[:, 0].astype(np.float64)
        x, y = x - mean(x)[owner], y - mean(y)[owner]
        scale = np.sqrt(mean(x * x) * mean(y * y))
        result += way * np.divide(mean(x * y), scale, out=np.zeros_like(scale), where=scale > 1e-12)
    return result / len(pairs)


def _change(rows: Rows, later: np.ndarray, columns: slice) -> np.ndarray:
    """Return the change of state; the largest 2 % are clipped, so that jumps do not decide."""
    values = rows.observation[:, columns]
    change = values[later + 1] - values[later]
    low, high = np.quantile(change[:50_000], [0.01, 0.99], axis=0)
    return np.clip(change, low, high)


def _unit(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(axis=0)
    std = centred.std(axis=0)
    return np.divide(centred, std, out=np.zeros_like(centred), where=std > 1e-9)
