"""Small drawings as inline SVG: they follow the colours of the page and stay sharp on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 20, 30
_POINTS = 240
"""A longer line is drawn by the smallest and largest value of so many pieces."""


def color(number: int) -> str:
    """Return the colour of the n-th line."""
    return f'var(--c{number % 6 + 1})'


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a chart."""

    name: str
    x: np.ndarray
    y: np.ndarray
    dashed: bool = False
    color: str = ''


@dataclass(frozen=True, eq=False)
class Frame:
    """The drawing area: pixel = a linear function of the value."""

    x: tuple[float, float]
    y: tuple[float, float]
    height: int = HEIGHT
    left: int = _LEFT

    def px(self, x: np.ndarray | float) -> np.ndarray | float:
        """Return the horizontal pixel."""
        low, high = self.x
        return self.left + (x - low) / (high - low) * (WIDTH - self.left - _RIGHT)

    def py(self, y: np.ndarray | float) -> np.ndarray | float:
        """Return the vertical pixel."""
        low, high = self.y
        return self.height - _BOTTOM - (y - low) / (high - low) * (self.height - _BOTTOM - _TOP)


def lines(title: str, drawn: Sequence[Line], unit_x: str = '', marks: np.ndarray | None = None,
          mark_text: str = 'suspected', height: int = HEIGHT) -> str:
    """
    Draw lines over a common x; `marks` [n] are x values that get a triangle and a bar.

    Names of the lines stand below the drawing, each beside a piece of its line.
    """
    shown = [line for line in drawn if len(line.x)]
    if not shown:
        return ''
    frame = Frame(_range([line.x for line in shown], 0.0), _range([line.y for line in shown]),
                  height)
    parts = [_axes(frame, unit_x)]
    for x in (() if marks is None else marks):
        p = frame.px(float(x))
        parts.append(f'<path d="M{p:.1f} {_TOP + 5}l-4 -7h8z" fill="var(--mark)"/><path '
                     f'd="M{p:.1f} {_TOP + 5}V{height - _BOTTOM}" stroke="var(--mark)" '
                     'stroke-width="1" opacity=".35"/>')
    for number, line in enumerate(shown):
        x, y = thinned(np.asarray(line.x, float), np.asarray(line.y, float))
        points = ' '.join(f'{a:.1f},{b:.1f}' for a, b in
                          zip(frame.px(x), frame.py(y), strict=True))
        dash = ' stroke-dasharray="4 3"' if line.dashed else ''
        parts.append(f'<polyline points="{points}" fill="none" stroke-width="1.6" '
                     f'stroke="{line.color or color(number)}"{dash}/>')
    says = f'{title}: {", ".join(line.name for line in shown)}'
    if marks is not None and len(marks):
        says += f'; {len(marks)} rows marked as {mark_text}'
    return _svg(title, says, parts, height) + _key(shown)


def histogram(title: str, counts: Sequence[int], edges: Sequence[float], unit: str = '',
              at: float | None = None, at_text: str = '') -> str:
    """Draw counts over the edges of their bins; `at` is marked by a dashed line with its text."""
    counts = np.asarray(counts)
    frame = Frame((float(edges[0]), float(edges[-1])), (0.0, max(1.0, float(counts.max()) * 1.08)))
    base = frame.py(0.0)
    parts = [_axes(frame, unit)]
    for count, a, b in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            x, w, y = frame.px(float(a)), frame.px(float(b)) - frame.px(float(a)), frame.py(count)
            parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w - .6, .6):.1f}" '
                         f'height="{base - y:.1f}" fill="var(--c1)"/>')
    if at is not None and edges[0] <= at <= edges[-1]:
        p = frame.px(at)
        left = p > WIDTH * 0.6
        parts.append(f'<path d="M{p:.1f} {_TOP}V{base:.1f}" stroke="var(--mark)" '
                     f'stroke-dasharray="5 3" stroke-width="2"/><text x="{p - 4 if left else p + 4}'
                     f'" y="{_TOP + 9}"{" text-anchor=end" if left else ""}>{escape(at_text)}'
                     '</text>')
    return _svg(title, f'{title}: {int(counts.sum())} values from {edges[0]:.3g} to '
                f'{edges[-1]:.3g} {unit}, most in one bin {int(counts.max())}', parts)


def scatter(title: str, x: np.ndarray, y: np.ndarray, names: tuple[str, str],
            odd: np.ndarray | None = None) -> str:
    """Draw points [n]; those that are `odd` [n] are crosses."""
    frame = Frame(_range([x]), _range([y]), 260)
    parts = [_axes(frame, names[0], names[1])]
    odd = np.zeros(len(x), dtype=bool) if odd is None else odd
    for a, b, cross in zip(frame.px(x), frame.py(y), odd, strict=True):
        parts.append(
            f'<path d="M{a - 3:.1f} {b - 3:.1f}l6 6m0 -6l-6 6" stroke="var(--mark)" '
            'stroke-width="2"/>' if cross else
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.4" fill="var(--c1)" opacity=".65"/>')
    return _svg(title, f'{title}: {len(x)} points, {int(odd.sum())} of them marked', parts, 260)


def heat(title: str, counts: np.ndarray, x: tuple[float, float], y: tuple[float, float],
         names: tuple[str, str]) -> str:
    """Draw counts [nx, ny] as shades; empty cells stay empty."""
    frame = Frame(x, y, 260)
    width = (frame.px(x[1]) - frame.px(x[0])) / counts.shape[0]
    height = (frame.py(y[0]) - frame.py(y[1])) / counts.shape[1]
    top = np.log1p(counts.max()) or 1.0
    parts = [_axes(frame, *names)]
    for i, j in np.argwhere(counts):
        shade = 0.12 + 0.88 * np.log1p(counts[i, j]) / top
        parts.append(f'<rect x="{frame.px(x[0]) + i * width:.1f}" '
                     f'y="{frame.py(y[0]) - (j + 1) * height:.1f}" width="{width:.1f}" '
                     f'height="{height:.1f}" fill="var(--c1)" opacity="{shade:.2f}"/>')
    share = float((counts > 0).mean())
    return _svg(title, f'{title}: {share:.0%} of the cells hold rows', parts, 260)


def bars(title: str, rows: Sequence[tuple[str, float]], unit: str = '') -> str:
    """Draw one horizontal bar per (name, value), with the value beside it."""
    if not rows:
        return ''
    top = max((value for _, value in rows), default=0.0) or 1.0
    height = 18 * len(rows) + 8
    parts = []
    for i, (name, value) in enumerate(rows):
        width, y = 130 * value / top, 18 * i + 4
        parts.append(f'<text x="168" y="{y + 11}" text-anchor="end">{escape(name[-30:])}</text>'
                     f'<rect x="172" y="{y}" width="{max(width, .5):.1f}" height="13" '
                     f'fill="var(--c1)"/><text x="{177 + width:.1f}" y="{y + 11}">{value:.2g}'
                     f'{" " + escape(unit) if unit else ""}</text>')
    says = ', '.join(f'{name} {value:.2g}' for name, value in rows)
    return _svg('', f'{title}: {says}', parts, height)


def stacked(title: str, parts_of: Sequence[tuple[str, float]]) -> str:
    """Draw shares of one whole as a bar; names and percentages stand below."""
    total = sum(value for _, value in parts_of) or 1.0
    x, drawn = 0.0, []
    for i, (_, value) in enumerate(parts_of):
        width = WIDTH * value / total
        if width > 0:
            drawn.append(f'<rect x="{x:.1f}" y="2" width="{width:.1f}" height="24" '
                         f'fill="{color(i)}" stroke="var(--bg)" stroke-width="2"/>')
        x += width
    key = ''.join(f'<span>{_sample(color(i))} {escape(name)} {100 * value / total:.1f} %</span>'
                  for i, (name, value) in enumerate(parts_of))
    says = ', '.join(f'{name} {value / total:.1%}' for name, value in parts_of)
    return _svg('', f'{title}: {says}', drawn, 28) + f'<div class="key">{key}</div>'


def thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at most 2 x 240 points of a line; smallest and largest of each piece are kept."""
    if len(x) <= 2 * _POINTS:
        return x, y
    pieces = np.array_split(np.arange(len(x)), _POINTS)
    kept = np.unique([piece[f(y[piece])] for piece in pieces for f in (np.argmin, np.argmax)])
    return x[kept], y[kept]


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers within low..high, about `count` of them."""
    raw = (high - low) / count
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = np.ceil(low / step - 1e-9) * step
    return [float(v) + 0.0 for v in np.arange(first, high + step * 1e-6, step)]


def _range(values: Sequence[np.ndarray], margin: float = 0.06) -> tuple[float, float]:
    low = min(float(np.min(v)) for v in values)
    high = max(float(np.max(v)) for v in values)
    if high <= low:
        pad = abs(low) * 0.05 or 0.5
        return low - pad, high + pad
    pad = (high - low) * margin
    return low - pad, high + pad


def _axes(frame: Frame, unit_x: str = '', unit_y: str = '') -> str:
    bottom = frame.height - _BOTTOM
    parts = [f'<path class="axis" d="M{frame.left} {_TOP}V{bottom}H{WIDTH - _RIGHT}"/>']
    for value in ticks(*frame.y):
        y = frame.py(value)
        parts.append(f'<path class="axis" d="M{frame.left} {y:.1f}H{WIDTH - _RIGHT}" opacity=".4"/>'
                     f'<text class="soft" x="{frame.left - 4}" y="{y + 4:.1f}" text-anchor="end">'
                     f'{value:.5g}</text>')
    for value in ticks(*frame.x, 5):
        parts.append(f'<text class="soft" x="{frame.px(value):.1f}" y="{bottom + 13}" '
                     f'text-anchor="middle">{value:.5g}</text>')
    if unit_x:
        parts.append(f'<text class="soft" x="{WIDTH - _RIGHT}" y="{bottom + 26}" '
                     f'text-anchor="end">{escape(unit_x)}</text>')
    if unit_y:
        parts.append(f'<text class="soft" x="4" y="{_TOP - 8}">{escape(unit_y)}</text>')
    return ''.join(parts)


def _svg(title: str, says: str, parts: Sequence[str], height: int = HEIGHT) -> str:
    head = (f'<text x="{WIDTH / 2}" y="12" text-anchor="middle" font-weight="600">{escape(title)}'
            '</text>' if title else '')
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(says)}">{head}'
            f'{"".join(parts)}</svg>')


def _key(shown: Sequence[Line]) -> str:
    # Lines of one name (all those before the restoration) share one entry.
    named = {line.name: (line.color or color(i), line.dashed) for i, line in enumerate(shown)}
    items = ''.join(f'<span>{_sample(*how)} {escape(name)}</span>' for name, how in named.items())
    return f'<div class="key">{items}</div>'


def _sample(stroke: str, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ''
    return (f'<svg viewBox="0 0 20 8" style="width:20px;display:inline" aria-hidden="true"><path '
            f'd="M0 4H20" stroke="{stroke}" stroke-width="3"{dash}/></svg>')
