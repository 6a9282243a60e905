"""One episode as small drawings: a panel per feature, suspected rows marked, before under after."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adapt_learning.frames import Contract, FrameSpec
from adapt_learning.reports import charts

_PANELS = 14
_LINES = 6


@dataclass(frozen=True, eq=False)
class Panel:
    """The elements of one feature that are drawn together."""

    title: str
    unit: str
    names: tuple[str, ...]
    columns: slice
    """Columns in the vector."""
    is_action: bool


def panels(contract: Contract) -> tuple[Panel, ...]:
    """Return the panels of observation and action; wide features show their first six elements."""
    return (*_of(contract.observation_spec, False), *_of(contract.action_spec, True))


def draw_episode(contract: Contract, time_s: np.ndarray, observation: np.ndarray,
                 action: np.ndarray, state_rows: Sequence[int], action_rows: Sequence[int],
                 before: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
                 mark_text: str = 'suspected') -> list[tuple[str, str]]:
    """
    Return (caption, drawing) of every panel of one episode.

    `time_s` [T] [s], `observation` [T, S], `action` [T, A]; `state_rows` and `action_rows` are
    marked. `before` gives the same three of the source episode, drawn dashed behind.
    """
    drawn = []
    for panel in panels(contract)[:_PANELS]:
        values = (action if panel.is_action else observation)[:, panel.columns]
        shown = []
        for i, name in enumerate(panel.names):
            if before is not None:
                old = before[2 if panel.is_action else 1][:, panel.columns][:, i]
                if not np.array_equal(old, values[:, i], equal_nan=True):
                    shown.append(_line('before', before[0], old, i, dashed=True))
            shown.append(_line(name, time_s, values[:, i], i))
        rows = np.asarray(action_rows if panel.is_action else state_rows, dtype=int)
        title = f'{panel.title} [{panel.unit}]' if panel.unit != '1' else panel.title
        svg = charts.lines(title, [line for line in shown if len(line.x)], 's',
                           marks=time_s[rows], mark_text=mark_text)
        drawn.append(('', svg))
    return drawn


def _line(name: str, time_s: np.ndarray, values: np.ndarray, number: int,
          dashed: bool = False) -> charts.Line:
    finite = np.isfinite(values)
    color = 'var(--soft)' if dashed else charts.color(number)
    return charts.Line(name, time_s[finite], values[finite], dashed, color)


def _of(spec: FrameSpec, is_action: bool) -> list[Panel]:
    result = []
    for feature in spec.features:
        where = spec.slices[feature.key]
        count = min(feature.size, _LINES)
        names = feature.element_names[:count] or tuple(str(i) for i in range(count))
        more = f' (first {count} of {feature.size})' if feature.size > count else ''
        result.append(Panel(feature.key + more, feature.unit, tuple(names),
                            slice(where.start, where.start + count), is_action))
    return result
