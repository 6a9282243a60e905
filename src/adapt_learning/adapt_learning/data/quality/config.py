"""The limits of all checks: defaults that were measured, each with its unit."""

from dataclasses import dataclass, fields

from adapt_learning.errors import SettingError


@dataclass(frozen=True)
class QualityConfig:
    """Limits; docs/explanation/data_quality.md says where each comes from."""

    suspicious: float = 0.15
    """A row whose score (see `suspects`) is at least this is suspected of pollution [std]."""
    suspicious_look: float = 0.03
    """Share of suspected rows from which a person should look at the episode."""
    suspicious_bad: float = 0.10
    """Share of suspected rows from which the episode needs restoring."""
    roughness: float = 6.0
    """The suspicion limit is at least this many times the median score of all rows."""
    too_rough: float = 0.10
    """Above this median score the data are too rough for rows to be judged by neighbours [std]."""
    rough_element: float = 1.8
    """An element of which 5 % of the rows lie so far from the middle of their neighbours, while
    the other elements are smooth, is not judged by its neighbours [std]; white noise has 2.4."""
    jump: float = 0.2
    """A step of the state that neither side foretells, from this size on, is a jump [std]."""
    spike: float = 0.5
    """A value that jumps away and back by this share of what the element ever moves, and by
    2 std, is a spike."""
    absurd: float = 1e6
    """A value of this size or more that is a thousand times the median size of its element is no
    measurement [its unit]; neither is one of 1e15, whatever the others are."""
    stuck_rows: int = 4
    """So many equal rows in a row of an element that nearly always moves are a stuck sensor."""
    idle: float = 0.3
    """Share of steps without command and motion."""
    saturation: float = 0.6
    """Share of steps with an action at its limit."""
    beyond: float = 0.02
    """Share of steps with an action beyond -1..1."""
    jerk: float = 4.0
    """Third difference of the actions against the median of all episodes."""
    shaking: float = 4.0
    """Second difference of the observations against the median of all episodes."""
    outlier: float = 4.0
    """Distance to the nearest rows of other episodes against what is usual."""
    length: float = 3.0
    """An episode this many times longer or shorter than the median is odd."""
    gap: float = 1.5
    """A pause between two rows longer than this many periods is a gap."""
    gap_bad: float = 10.0
    """A gap longer than this many periods spoils the episode."""
    rate: float = 0.05
    """Share by which the median period may differ from the contract's."""
    timing: float = 0.25
    """Standard deviation of the period against the period."""
    near_twin: float = 0.02
    """Two episodes whose values differ by less than this on average are near-duplicates [std]."""
    lag_rows: int = 2
    """An episode whose commands take effect this many rows later or sooner than usual is odd."""
    contradiction: float = 0.05
    """Share of rows whose nearest row of another episode has a very different action."""
    polluted: float = 0.02
    """Share of suspected rows of all episodes from which restoring is advised."""
    sample: int = 3000
    """So many rows stand for all where rows are compared with each other."""
    seed: int = 0
    """Choice of the sample."""

    def __post_init__(self):
        for item in fields(self):
            value = getattr(self, item.name)
            if not value >= 0 or (item.name in ('stuck_rows', 'sample') and value < 2):
                raise SettingError(f'{item.name} of a quality check is not negative, and sample '
                                   f'and stuck_rows are at least 2; got {value}')
