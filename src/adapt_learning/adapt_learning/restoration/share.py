"""How much of a side is polluted, read off the scores of a filter (ours).

The dissertation calls a fixed half of the data clean. Here the density of the scores decides:
clean values make one hump, polluted ones another to its right, and the threshold is the bottom of
the valley between them. One hump alone means that there is nothing to restore, or that the filter
cannot tell; in both cases a restoration would change clean values.

The axis is log(1 + (score - q) / (median - q)) with q the score that a hundredth lies below: it
does not depend on the scale of the filter, and errors, factors and surprises that spread over
decades fit on it. Of all places the one is taken that lies deepest below the lower of its two
humps.

Scores whose scale means the same on all data are read more closely (`floor`, `surprising`): a
valley among small ones is none of pollution, and where little data blur the valley, many values
above what clean ones reach are enough.

Where it fails: more than half polluted (the humps change their roles); humps that overlap (a weak
filter, short shifts, stuck values), where it says 'not needed'; shares below `least`.
"""

from dataclasses import dataclass

import numpy as np

from adapt_learning.errors import SettingError

_BINS = 512
_BASE = 0.01
_SIGNIFICANT = 3.0
"""The valley is deeper than so many standard deviations of the counts that show it."""


@dataclass(frozen=True)
class ShareConfig:
    """Settings of the estimate."""

    smoothing: float = 0.15
    """Width of the Gaussian that smooths the density, on the axis named above."""
    depth: float = 0.3
    """The bottom of the valley lies at least this share below the lower hump."""
    distance: float = 1.5
    """The threshold is at least so many times the median, both counted from q."""
    least: float = 0.01
    """A smaller hump is taken for rare clean values."""
    least_rows: int = 20
    """Fewer values make no hump."""
    floor: float = -np.inf
    """Scores below it are never suspected; for filters whose scores have a meaning of their own."""
    surprising: float = np.inf
    """Clean values hardly exceed it; for the same filters."""
    many: float = 0.15
    """Without a valley so many surprising values mean pollution: of clean but few demonstrations
    up to a seventh surprises."""

    def __post_init__(self):
        if not (self.smoothing > 0 and 0 < self.depth < 1 and self.distance >= 1):
            raise SettingError('smoothing is above 0, depth lies in 0..1 and distance is at least '
                               f'1; got {self.smoothing}, {self.depth} and {self.distance}')
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
    broken = np.count_nonzero(~np.isfinite(scores))
    if broken:
        raise SettingError(f'scores are finite; got {broken} that are not: leave these rows out')
    if len(scores) < 2 * config.least_rows:
        return _clean(f'{len(scores)} values are too few to tell polluted from clean ones')
    base, middle = np.quantile(scores, (_BASE, 0.5))
    unit = middle - base
    if unit <= 0:
        return _clean('half of the scores are the same, so nothing stands out')
    place, bottom, hump, above = _density(
        np.log1p(np.maximum(scores - base, 0) / unit), config.smoothing)
    allowed = ((above >= max(config.least, config.least_rows / len(scores))) & (above <= 0.5)
               & (place >= np.log1p(config.distance))
               & (base + unit * np.expm1(place) >= config.floor))
    # Deepest in values rather than in percent: a gap in front of the last few is no valley.
    best = int(np.argmax(np.where(allowed, hump - bottom, -1.0)))
    depth = 1 - bottom[best] / max(hump[best], 1e-300)
    noise = np.sqrt(hump[best] + bottom[best])
    if (not allowed[best] or depth < config.depth
            or hump[best] - bottom[best] < _SIGNIFICANT * noise):
        share = float(np.mean(scores > config.surprising))
        if share > config.many:
            return ShareEstimate(
                share, config.surprising, 0.0, True, f'no valley between two humps, but {share:.1%}'
                f' of the scores are above {config.surprising:g}, which clean values hardly reach')
        return _clean('the scores have one hump: nothing is polluted, or this filter cannot tell')
    threshold = float(base + unit * np.expm1(place[best]))
    share = float(np.mean(scores > threshold))
    return ShareEstimate(
        share, threshold, float(depth), True,
        f'{share:.1%} of the scores make a hump of their own above {threshold:.3g}; the valley in '
        f'front of it is {depth:.0%} deep')


def _clean(reason: str) -> ShareEstimate:
    return ShareEstimate(0.0, float('inf'), 0.0, False, reason)


def _density(x: np.ndarray, width: float) -> tuple[np.ndarray, ...]:
    """
    Return places, the density there, that of the lower hump beside it, the share above.

    Each is [_BINS]. Densities are in values under the Gaussian, so that their noise is known.
    """
    margin = 4 * width
    counts, edges = np.histogram(x, _BINS, (x.min() - margin, x.max() + margin))
    place = (edges[1:] + edges[:-1]) / 2
    step = place[1] - place[0]
    reach = int(np.ceil(4 * width / step))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    # A kernel of height k has the noise of sum(k)^2 / sum(k^2) whole values.
    density = np.convolve(counts, kernel)[reach:reach + _BINS] * kernel.sum() / (kernel ** 2).sum()
    left = np.maximum.accumulate(density)
    right = np.maximum.accumulate(density[::-1])[::-1]
    above = 1 - np.cumsum(counts) / len(x)
    return place, density, np.minimum(left, right), above
