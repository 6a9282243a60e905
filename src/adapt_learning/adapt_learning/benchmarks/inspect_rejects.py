"""Whether the false-reject rate that a recipe promises is kept, over draws of references."""

from collections.abc import Iterator
from statistics import mean
from typing import Any

from adapt_learning.benchmarks.inspect_bench import Results
from adapt_learning.benchmarks.page import table

_NOTE = """\
What a recipe promises holds for the mean over draws of references (and of parts): a single draw
may be unlucky. *Promised* is the bound of the recipe, *mean* the share of good test pictures at or
above the threshold, averaged over the draws (± half of its 95 % t interval), *draws within* the
share of draws whose own rate keeps to the bound. One reference promises nothing.
"""


def rejects(results: Results) -> list[dict[str, Any]]:
    """Return what was promised and what came, per detector, number of references and surface."""
    found = []
    for contender in results.bench.contenders:
        for count in results.bench.references:
            each = {one.name: _kept(cell) for one in results.bench.domains
                    if (cell := results.cell(contender.title, one.name, count)) is not None}
            if each:
                over = results.mean(contender.title, count, 'false_reject', needed=False)
                found.append({'detector': contender.title, 'references': count or 'all',
                              'surfaces': each, **_joined(list(each.values())),
                              'half_interval': over.half})
    return found


def rejects_markdown(results: Results) -> Iterator[str]:
    """Yield the section of the page."""
    names = [one.name for one in results.bench.domains]
    yield '## False rejects: promised and found\n'
    yield _NOTE
    yield from table(('detector', 'references', 'promised', *names, 'mean', 'is the mean within',
                      'draws within'), (_row(row, names) for row in rejects(results)))
    yield 'Surfaces: mean (share of draws within the bound).\n'


def _row(row: dict[str, Any], names: list[str]) -> list[str]:
    each = [row['surfaces'].get(name) for name in names]
    return [
        row['detector'], str(row['references']), _percent(row['promised']),
        *('-' if one is None else f'{_percent(one["mean"])} ({_percent(one["within"])})'
          for one in each), _spread(row['mean'], row['half_interval']),
        '-' if row['promised'] is None else 'yes' if row['mean'] <= row['promised'] else 'no',
        _percent(row['within'])]


def _kept(cell: list[dict[str, Any]]) -> dict[str, Any]:
    rates = [one['false_reject']['rate'] for one in cell]
    bounds = [one['bound'] for one in cell]
    promised = None if None in bounds else mean(bounds)
    within = None if promised is None else mean(
        rate <= bound for rate, bound in zip(rates, bounds, strict=True))
    return {'promised': promised, 'mean': mean(rates), 'within': within, 'draws': len(cell),
            'good': cell[0]['good']}


def _joined(each: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the means over surfaces, each of which has as many draws."""
    return {key: None if any(one[key] is None for one in each) else mean(
        float(one[key]) for one in each) for key in ('promised', 'mean', 'within')}


def _spread(share: float, half: float | None) -> str:
    return _percent(share) if half is None else f'{100 * share:.1f} ± {100 * half:.1f} %'


def _percent(share: float | None) -> str:
    return '-' if share is None else f'{100 * share:.1f} %'
