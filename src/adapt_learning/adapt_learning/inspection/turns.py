"""References in other positions: few pictures show more of a surface when they are turned.

A bank holds the patches of each reference as it is, turned by quarters and mirrored, as far as that
helps: with many references it has seen enough, and its rows are bounded. Where a part that lies the
other way round is a defect, references are taken as they are (`FitSettings.fixed_orientation`).
"""

from collections.abc import Iterator

import numpy as np

MOST_VIEWS = 128
"""Of all references together: more of them push each other out of a bank of bounded rows."""
_KINDS = (8, 4, 1)
"""Quarter turns and mirrored ones; mirrored both ways and by half a turn; as it is."""


def positions(references: int) -> int:
    """Return in how many positions each of so many references is looked at: 8, 4 or 1."""
    return next(kind for kind in _KINDS if kind * references <= MOST_VIEWS or kind == 1)


def turned(view: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Yield a square picture [n, n, 3] in 1, 4 or 8 positions, itself first."""
    for one in (view, view.transpose(1, 0, 2))[:2 if count == _KINDS[0] else 1]:
        mirrored = (one, one[:, ::-1], one[::-1], one[::-1, ::-1])
        for other in mirrored[:1 if count == 1 else 4]:
            yield np.ascontiguousarray(other)
