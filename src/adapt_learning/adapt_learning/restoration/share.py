"""How much of a side is polluted, read off the scores of a filter (ours).

The dissertation calls a fixed half of the data clean. Here the density of the scores decides:
clean values make one hump, polluted ones another to its right, and the threshold is the bottom of
the valley between them. One hump alone means that there is nothing to restore, or that the filter
cannot tell; both mean that a restoration would change clean values.

The density is a histogram of the logarithms of the scores (errors, factors and surprises spread
over decades), smoothed by a Gaussian. Of all cuts with most values on the left, the valley is the
one that lies deepest below the lower of its two humps.

Where it fails: more than half polluted (the humps change their roles); humps that overlap (noise
of a tenth of a std, biased or shifted stretches), where it says 'not needed'; shares below `least`.
"""

from dataclasses import dataclass

import numpy as np

from adapt_learning.errors import SettingError

_BINS = 512


@dataclass(frozen=True)
class ShareConfig:
    """Settings of the estimate."""

    smoothing: float = 0.3
    """Width of the Gaussian [spread of the clean hump to its left]."""
    depth: float = 0.3
    """The bottom of the valley lies at least this share below the lower hump."""
    distance: float = 1.0
    """The valley is at least so far from the clean hump [spread of that hump to its left]."""
    least: float = 0.01
    """A smaller hump is taken for rare clean values."""
    least_rows: int = 20
    """Fewer values make no hump."""

    def __post_init__(self):
        if not (self.smoothing > 0 and 0 < self.depth < 1 and self.distance >= 0):
            raise SettingError('smoothing is above 0, depth lies in 0..1 and distance is not '
                               f'negative; got {self.smoothing}, {self.depth}, {self.distance}')
        if not (0 <= self.least < 0.5 and self.least_rows >= 1):
            raise SettingError('least lies in 0..0.5 and least_rows is at least 1; got '
                               f'{self.least} and {self.least_rows}')


@dataclass(frozen=True)
class ShareEstimate:
    """What the scores say of a side."""

    polluted: float
    """Share of polluted values, 0..1; 0 where there is nothing to restore."""
    threshold: float
    """Scores above it are suspected; infinite where there is nothing to restore."""
    confidence: float
    """0..1: depth of the valley below the lower hump; 0 where there is none."""
    needed: bool
    """Whether this side needs restoring."""
    reason: str
    """Why, in one sentence."""


def estimate_share(scores: np.ndarray, config: ShareConfig | None = None) -> ShareEstimate:
    """
    Estimate the share of polluted values from the scores [N] of a filter.

    SettingError for scores that are not finite.
    """
    config = config or ShareConfig()
    scores = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise SettingError('scores are finite; got '
                           f'{np.count_nonzero(~np.isfinite(scores))} that are not')
    if len(scores) < 2 * config.least_rows:
        return _clean(f'{len(scores)} values are too few to tell polluted from clean ones')
    x, logarithmic = _scaled(scores)
    mode, spread = _clean_hump(x)
    if spread <= 0:
        return _clean('most scores are the same, so nothing stands out')
    grid, density, above = _density(x, config.smoothing * spread)
    left = np.maximum.accumulate(density)
    right = np.maximum.accumulate(density[::-1])[::-1]
    lower = np.minimum(left, right)
    allowed = ((above >= max(config.least, config.least_rows / len(x))) & (above <= 0.5)
               & (grid >= mode + config.distance * spread))
    depth = np.where(allowed & (lower > 0), 1 - density / np.maximum(lower, 1e-300), 0.0)
    # Deepest in values rather than in percent: a gap in front of the last few values is no valley.
    best = int(np.argmax(np.where(allowed, lower - density, -1.0)))
    if not allowed.any() or depth[best] < config.depth:
        return _clean('the scores have one hump: nothing is polluted, or this filter cannot tell')
    threshold = float(np.exp(grid[best]) if logarithmic else grid[best])
    share = float(np.mean(scores > threshold))
    return ShareEstimate(
        share, threshold, float(depth[best]), True,
        f'{share:.1%} of the scores make a hump of their own above {threshold:.3g}; the valley in '
        f'front of it is {depth[best]:.0%} deep')


def _clean(reason: str) -> ShareEstimate:
    return ShareEstimate(0.0, float('inf'), 0.0, False, reason)


def _scaled(scores: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return the logarithms where no score is negative, and whether they are that."""
    if scores.min() < 0 or scores.max() <= 0:
        return scores, False
    # Scores that are (nearly) 0 would stretch the axis; they are clean in any case.
    floor = max(np.quantile(scores, 0.01), scores.max() * 1e-9)
    return np.log(np.maximum(scores, floor)), True


def _clean_hump(x: np.ndarray) -> tuple[float, float]:
    """
    Return the mode of the lower part, and its spread to the left.

    Half-sample mode (Bickel and Fruehwirth 2006) down to a tenth of the values. Left of it there
    is next to nothing polluted, so the spread is that of clean values.
    """
    part = np.sort(x)
    low = part[0]
    smallest = max(len(x) // 10, 2)
    while len(part) > smallest:
        half = (len(part) + 1) // 2
        first = int(np.argmin(part[half - 1:] - part[:len(part) - half + 1]))
        part = part[first:first + half]
    mode = float(np.median(part))
    left = x[x <= mode]
    # The quantile that lies one std below the middle of a normal distribution.
    return mode, mode - float(max(np.quantile(left, 0.317), low))


def _density(x: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places, smoothed density there and the share of values above, each [_BINS]."""
    margin = 3 * width
    counts, edges = np.histogram(x, _BINS, (x.min() - margin, x.max() + margin))
    grid = (edges[1:] + edges[:-1]) / 2
    step = grid[1] - grid[0]
    reach = int(np.ceil(4 * width / step))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    density = np.convolve(counts, kernel / kernel.sum())[reach:reach + _BINS]
    above = 1 - (np.cumsum(counts) - counts / 2) / len(x)
    return grid, density, above
