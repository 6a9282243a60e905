"""Pollution of demonstrations: what sensors and motors do to data, with the truth beside it.

Every kind is a process that sees one row after the other and never the future, so the same code
spoils a dataset and the messages of a simulated robot. `gaussian` is the pollution of the
dissertation (section 3.2.4): each state and each action, apart from each other, gets noise with
probability p. Sigma is in units of the standard deviation of each element.

To add a kind, derive from `Stream` and put it into KINDS.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from adapt_learning.data.dataset import Dataset
from adapt_learning.data.episode import Episode
from adapt_learning.errors import DatasetError, SettingError

SIDES = ('state', 'action')
SEGMENT_ROWS = 10
"""Mean length of the stretches that stuck, bias, shift and jitter spoil [rows]."""
_LARGEST_SIGMA = 1e6
"""Far more noise than any robot has; much more is no number any longer."""
_LATE_ROWS = (3, 8)
_LATENCY_ROWS = 2
_SPIKE = (3.0, 6.0)
_JITTER = 0.3


class Stream(ABC):
    """
    One process on one stream of values [D], row by row.

    `unit` [D] is what sigma is measured in; `p` the share of rows that is spoilt in the long run.
    """

    in_segments = False
    """Spoils stretches of rows instead of single ones."""

    def __init__(self, unit: np.ndarray, p: float, sigma: float, rng: np.random.Generator):
        self.unit = np.asarray(unit, dtype=np.float64)
        self.p, self.sigma, self.rng = p, sigma, rng
        self.spoiling = False
        self.begin()

    def begin(self) -> None:
        """Forget the past: a new episode begins."""
        self.spoiling = False
        self._first = True
        self.past: deque[np.ndarray] = deque(maxlen=_LATE_ROWS[1])
        """The last true rows, the newest last."""

    def step(self, values: np.ndarray) -> tuple[np.ndarray, bool]:
        """Return the next row [D] as it arrives, and whether it differs from the truth."""
        values = np.asarray(values, dtype=np.float64)
        was = self.spoiling
        self.spoiling = self._draw()
        spoilt = values
        if self.spoiling:
            if not was or not self.in_segments:
                self.start(values)
            spoilt = self.spoil(values)
        self.past.append(values)
        return spoilt, bool(np.any(spoilt != values))

    def start(self, values: np.ndarray) -> None:  # noqa: B027 - most kinds remember nothing
        """Draw what stays the same during a stretch that begins with these values."""

    @abstractmethod
    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Return the spoilt row [D]."""

    def noise(self, scale: float = 1.0) -> np.ndarray:
        """Return Gaussian noise [D] of `scale` x sigma."""
        return self.rng.normal(size=len(self.unit)) * self.unit * (self.sigma * scale)

    def _draw(self) -> bool:
        first, self._first = self._first, False
        if not self.in_segments or first or self.p >= 1.0:
            return bool(self.rng.random() < self.p)
        if self.spoiling:
            return bool(self.rng.random() >= 1 / SEGMENT_ROWS)
        # So that stretches and the pauses between them have the ratio p : 1 - p.
        return bool(self.rng.random() < min(1.0, self.p / (SEGMENT_ROWS * (1 - self.p))))


class Gaussian(Stream):
    """Noise on all elements of single rows."""

    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Add noise."""
        return values + self.noise()


class Dropout(Stream):
    """Single rows say zero: the sensor had nothing to say."""

    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Return zeros."""
        return np.zeros_like(values)


class Spike(Stream):
    """One element of single rows leaps by 3 to 6 sigma."""

    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Let one element leap."""
        moving = np.flatnonzero(self.unit)
        if not moving.size:
            return values
        element = self.rng.choice(moving)
        leap = self.rng.uniform(*_SPIKE) * self.rng.choice((-1.0, 1.0)) * self.sigma
        spoilt = values.copy()
        spoilt[element] += leap * self.unit[element]
        return spoilt


class Stuck(Stream):
    """The last true value is repeated for a stretch."""

    in_segments = True

    def start(self, values: np.ndarray) -> None:
        """Hold the row before."""
        self._held = self.past[-1] if self.past else values

    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Return the held row."""
        return self._held


class Bias(Stream):
    """A constant offset for a stretch."""

    in_segments = True

    def start(self, values: np.ndarray) -> None:
        """Draw the offset."""
        self._offset = self.noise()

    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Add the offset."""
        return values + self._offset


class Shift(Stream):
    """A stretch comes 3 to 8 rows late: the clocks of two devices disagree."""

    in_segments = True

    def start(self, values: np.ndarray) -> None:
        """Draw by how many rows."""
        self._rows = int(self.rng.integers(_LATE_ROWS[0], _LATE_ROWS[1] + 1))

    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Return the row of that time, the oldest that there is at the start of an episode."""
        if not self.past:
            return values
        return self.past[max(0, len(self.past) - self._rows)]


class Jitter(Stream):
    """Small noise (0.3 sigma) on every row of a stretch: a motor or a hand trembles."""

    in_segments = True

    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Add small noise."""
        return values + self.noise(_JITTER)


class Latency(Stream):
    """Single rows come one or two rows late: messages were delayed."""

    def spoil(self, values: np.ndarray) -> np.ndarray:
        """Return one of the last rows."""
        if not self.past:
            return values
        return self.past[-int(self.rng.integers(1, min(_LATENCY_ROWS, len(self.past)) + 1))]


KINDS: Mapping[str, type[Stream]] = MappingProxyType({
    'gaussian': Gaussian, 'dropout': Dropout, 'spike': Spike, 'stuck': Stuck, 'bias': Bias,
    'shift': Shift, 'jitter': Jitter, 'latency': Latency})


def stream(kind: str, unit: np.ndarray, p: float, sigma: float, seed: int) -> Stream:
    """Return a process for values [D]; SettingError says what is allowed."""
    _check(kind, p, sigma, seed)
    return KINDS[kind](unit, p, sigma, np.random.default_rng(seed))


def _check(kind: str, p: float, sigma: float, seed: int) -> None:
    if kind not in KINDS:
        raise SettingError(f"there is no pollution '{kind}'; allowed: {', '.join(KINDS)}")
    if not 0 <= p <= 1:
        raise SettingError(f'p, the share of polluted rows, lies in 0..1; got {p}')
    if not 0 < sigma <= _LARGEST_SIGMA:
        raise SettingError(f'sigma, in standard deviations, is above 0 and at most '
                           f'{_LARGEST_SIGMA:g}; got {sigma}')
    if not 0 <= seed < 2**63:
        raise SettingError(f'the seed of a pollution is not negative and below 2^63; got {seed}')


def column(side: str) -> str:
    """Return the name of the extra column that holds the truth of a side."""
    return f'adapt.{side}_polluted'


def corrupt(dataset: Dataset, kind: str, p: float, sigma: float, seed: int,
            sides: tuple[str, ...] = SIDES) -> Dataset:
    """
    Return a polluted copy of a dataset with the truth in the columns `adapt.<side>_polluted`.

    States and actions are polluted apart from each other. Actions are not clipped afterwards: a
    polluted action may leave the box. DatasetError for data that are polluted already or not
    finite.
    """
    _check(kind, p, sigma, seed)
    if not sides or not set(sides) <= set(SIDES):
        raise SettingError(f"sides are {' and '.join(SIDES)}; got {sides}")
    if len(dataset) and any(column(side) in dataset.episodes[0].extras for side in SIDES):
        raise DatasetError('the data are polluted already, and two pollutions cannot be told '
                           'apart afterwards: start from the clean data')
    if broken := dataset.not_finite():
        raise DatasetError(f'values that are not finite have no spread: {broken[0]}')
    spread = [values.astype(np.float64).std(axis=0) for values in dataset.pairs()]
    seeds = np.random.SeedSequence(seed).generate_state(len(SIDES))
    streams = {side: stream(kind, unit, p, sigma, int(mixed))
               for side, unit, mixed in zip(SIDES, spread, seeds, strict=True) if side in sides}
    made = Dataset(
        tuple(_corrupted(episode, streams) for episode in dataset), dataset.contract,
        {**dataset.meta, 'pollution': {'kind': kind, 'p': p, 'sigma': sigma, 'seed': seed,
                                       'sides': list(sides), 'source': {'hash': dataset.hash}}})
    if broken := made.not_finite():
        raise SettingError(f'the polluted values are too large for float32 ({broken[0]}): take a '
                           f'smaller sigma than {sigma:g}')
    return made


def _corrupted(episode: Episode, streams: Mapping[str, Stream]) -> Episode:
    values = {'state': episode.observation, 'action': episode.action}
    extras = dict(episode.extras)
    for side in SIDES:
        extras[column(side)] = np.zeros(len(episode), dtype=bool)
        if side in streams:
            streams[side].begin()
            rows, spoilt = zip(*(streams[side].step(row) for row in values[side]), strict=True)
            values[side], extras[column(side)] = np.stack(rows), np.array(spoilt)
    return Episode(values['state'], values['action'], episode.timestamp_s, episode.reward,
                   episode.success, episode.seed, episode.noise_level, episode.task, extras)
