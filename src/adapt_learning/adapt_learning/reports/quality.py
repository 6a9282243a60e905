"""The page of `adapt data report`: verdict first, then the worst episodes, then the details."""

import json
from html import escape
from pathlib import Path

import numpy as np

from adapt_learning.data import Dataset
from adapt_learning.data.quality import BAD, LOOK, OK, Norms, Report
from adapt_learning.data.quality.columns import Column
from adapt_learning.data.quality.coverage import Coverage
from adapt_learning.data.quality.dataset_checks import action_columns, observation_columns
from adapt_learning.data.quality.findings import VERDICTS, odd
from adapt_learning.reports import charts, page
from adapt_learning.reports.panels import draw_episode

_DRAWN = 4
"""So many of the worst episodes are drawn."""
_STRIP = 3000
_POINTS = 1500
_HISTOGRAMS = 40

_TITLES = {
    'amount': 'Number of episodes', 'outcomes': 'Outcomes', 'absurd': 'Absurd values',
    'motion': 'Motion', 'pollution': 'Suspected pollution',
    'faults': 'Faults of sensors', 'clock': 'Time stamps', 'recording': 'Recording',
    'lag': 'Latency',
    'columns': 'Normalising', 'action box': 'Range of the actions', 'coverage': 'Coverage',
    'contradictions': 'Contradictions', 'leaks': 'Train / validation leaks',
}


def quality_page(path: str | Path, dataset: Dataset, report: Report, norms: Norms,
                 name: str) -> None:
    """
    Write the report on a dataset as one HTML file.

    `report` and `norms` come from `adapt_learning.data.quality`; `name` is what the page calls
    the dataset (its folder). The file grows with the number of episodes by one line of the table
    each; pictures are limited.
    """
    coverage = Coverage.of(norms.rows, norms.trusted)
    page.write_page(path, f'Data report: {name}', (
        page.heading('Data report', f'{name} · contract {dataset.contract.name} · content hash '
                     f'{dataset.hash}', report.verdict, report.summary),
        _numbers(dataset, report, norms),
        page.section('What to do next', page.bullets(report.advice)),
        _strip(report),
        _worst(dataset, report),
        _whole(report),
        _suspects(norms),
        _coverage(dataset, report, norms, coverage),
        _columns(dataset, norms),
        _episodes(report),
        _origin(dataset)))


def _numbers(dataset: Dataset, report: Report, norms: Norms) -> str:
    seconds = sum(float(e.timestamp_s[-1] - e.timestamp_s[0]) for e in dataset)
    known = [e.success for e in dataset if e.success is not None]
    return page.cards((
        ('episodes', page.number(len(dataset))), ('pairs', page.number(dataset.steps)),
        ('minutes', page.number(seconds / 60)),
        ('Hz by contract', page.number(dataset.contract.rate_hz)),
        ('succeeded', page.percent(sum(known) / len(known)) if known else 'unknown'),
        ('✓ ok', page.number(report.count(OK))), ('! to look at', page.number(report.count(LOOK))),
        ('✗ bad', page.number(report.count(BAD))),
        ('states suspected', page.percent(norms.states.rows.mean())),
        ('actions suspected', page.percent(norms.actions.rows.mean()))))


def _strip(report: Report) -> str:
    shown = report.episodes[:_STRIP]
    cells = ''.join(f'<i class="{e.verdict}" title="episode {e.episode}: {e.verdict}"></i>'
                    for e in shown)
    more = f' The first {_STRIP}.' if len(report.episodes) > _STRIP else ''
    says = ', '.join(f'{report.count(v)} {v}' for v in VERDICTS)
    return page.section(
        'All episodes at a glance', f'<div class="strip" role="img" aria-label="{says}">{cells}'
        '</div>', note=f'In order of recording; taller is worse.{more}')


def _worst(dataset: Dataset, report: Report) -> str:
    ranked = sorted((e for e in report.episodes if e.verdict != OK), key=lambda e: (
        -VERDICTS.index(e.verdict), -len(e.reasons), -_marked(e), e.episode))
    if not ranked:
        return page.section('Worst episodes', '<p>None: every episode is ok.</p>')
    rows = [(e.episode, e.steps, e.verdict, '; '.join(e.reasons)) for e in ranked[:10]]
    parts = [page.table(('episode', 'steps', 'verdict', 'why'), rows)]
    for number, entry in enumerate(ranked[:_DRAWN]):
        episode = dataset.episodes[entry.episode]
        state = sorted({r for check in ('states', 'spikes', 'jumps', 'stuck', 'zeros', 'finite')
                        for r in entry.rows(check)})
        action = sorted({r for check in ('actions', 'beyond') for r in entry.rows(check)})
        drawn = page.figures(*draw_episode(dataset.contract, episode.timestamp_s,
                                           episode.observation, episode.action, state, action))
        title = f'Episode {entry.episode}: {"; ".join(entry.reasons)}'
        parts.append(page.details(title, drawn) if number else
                     f'<h3>{escape(title)}</h3>{drawn}')
    return page.section('Worst episodes', *parts,
                        note='Triangles and bars mark rows that a check points at.')


def _marked(episode) -> int:
    return sum(len(finding.rows) for finding in odd(episode.findings))


def _whole(report: Report) -> str:
    rows = [(f.verdict, _TITLES[f.check], f.reason or 'nothing odd') for f in report.findings]
    return page.section('The dataset as a whole',
                        page.table(('verdict', 'looked at', 'seen'), rows))


def _suspects(norms: Norms) -> str:
    drawn = []
    for name, side in (('states', norms.states), ('actions', norms.actions)):
        # Scores span decades, so the bins do, too.
        score = np.log10(np.maximum(side.score, 1e-4))
        counts, edges = np.histogram(score, bins=40, range=(-4, max(0.5, float(score.max()))))
        drawn.append((f'{int(side.rows.sum())} of {len(score)} {name} are at or above the limit '
                      f'of {side.limit:.2g} std', charts.histogram(
                          f'How far {name} are from what their neighbours foretell', counts, edges,
                          'log10 of the score [std]', np.log10(side.limit), 'limit')))
    return page.section('Suspected pollution', page.figures(*drawn), note=(
        'A robot moves smoothly: each row is compared with what the rows beside it foretell. '
        'Clean data have one hill far left of the limit; a second hill right of it is pollution.'))


def _coverage(dataset: Dataset, report: Report, norms: Norms, coverage: Coverage) -> str:
    labels = dataset.contract.observation_spec.labels
    drawn = []
    bad = np.array([report.episodes[i].verdict == BAD for i in coverage.episode], dtype=bool)
    chosen = np.arange(len(coverage.start))
    if len(chosen) > _POINTS:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, _POINTS, replace=False))
    for title, elements in (('Goals', coverage.goals), ('Starts', coverage.varied)):
        for a, b in list(zip(elements[::2], elements[1::2], strict=False))[:2]:
            drawn.append(('One point per episode; crosses are bad episodes.', charts.scatter(
                title, coverage.start[chosen, a], coverage.start[chosen, b],
                (labels[a], labels[b]), bad[chosen])))
    moving = np.flatnonzero(norms.rows.observation_std > 0)
    if len(moving) > 1 and len(norms.rows) > 20:
        drawn.append(('Where all states lie along the two directions in which they vary most '
                      f'({_explained(norms):.0%} of the variance); darker is more.', _map(norms)))
    low, high = norms.rows.action.min(), norms.rows.action.max()
    names = dataset.contract.action_spec.labels
    for element in range(min(len(names), 6)):
        counts, edges = np.histogram(norms.rows.action[:, element], bins=40,
                                     range=(float(min(low, -1)), float(max(high, 1))))
        drawn.append(('', charts.histogram(names[element], counts, edges)))
    thin = [f'{labels[e]} between {a:.3g} and {b:.3g}: {count} of {len(dataset)} episodes'
            for e, a, b, count in coverage.thin]
    text = page.bullets(thin) if thin else '<p>No quarter of a range is nearly empty.</p>'
    return page.section('Coverage', '<h3>Regions with few episodes</h3>', text,
                        page.figures(*drawn))


def _principal(norms: Norms) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows on the two main directions [n, 2], shares of the variance)."""
    rows = norms.rows
    chosen = rows.sample(20_000, 0)
    moving = rows.observation_std > 0
    values = rows.observation[chosen][:, moving] / rows.observation_std[moving]
    values = values - values.mean(axis=0)
    share, direction = np.linalg.eigh(values.T @ values / len(values))
    return values @ direction[:, ::-1][:, :2], share[::-1] / share.sum()


def _explained(norms: Norms) -> float:
    return float(_principal(norms)[1][:2].sum())


def _map(norms: Norms) -> str:
    points, _ = _principal(norms)
    low, high = np.quantile(points, [0.001, 0.999], axis=0)
    ranges = [(float(a), float(max(b, a + 1e-6))) for a, b in zip(low, high, strict=True)]
    counts, _, _ = np.histogram2d(*points.T, bins=30, range=ranges)
    return charts.heat('All states', counts, *ranges, ('first direction [std]',
                                                       'second direction [std]'))


def _columns(dataset: Dataset, norms: Norms) -> str:
    found = observation_columns(dataset, norms) + action_columns(dataset, norms)
    rows = [(c.name, c.unit, c.minimum, c.q01, c.median, c.q99, c.maximum, c.mean, c.std,
             _words(c)) for c in found]
    heads = ('element', 'unit', 'min', '1 %', 'median', '99 %', 'max', 'mean', 'std', 'mind')
    values = np.hstack([norms.rows.observation, norms.rows.action])
    drawn = []
    for number, column in enumerate(found[:_HISTOGRAMS]):
        low, high = column.q01, column.q99
        if high > low:
            pad = 0.15 * (high - low)
            counts, edges = np.histogram(values[:, number], bins=32, range=(
                max(column.minimum, low - pad), min(column.maximum, high + pad)))
            drawn.append(('', charts.histogram(column.name, counts, edges, column.unit)))
    return page.section('Elements', page.table(heads, rows),
                        page.details('Distributions', page.figures(*drawn)),
                        note='What a normaliser will see.')


def _words(column: Column) -> str:
    return ', '.join((*column.traps, *(('min/max scaling squeezes it',) if column.squeezed
                                       else ())))


def _episodes(report: Report) -> str:
    rows = ((e.episode, e.steps, _OUTCOME[e.success], e.verdict,
             sum(len(e.rows(c)) for c in ('states', 'actions')), '; '.join(e.reasons))
            for e in report.episodes)
    return page.section('Every episode', page.table(
        ('episode', 'steps', 'outcome', 'verdict', 'suspected', 'why'), rows, tools=True),
        note='A click on a heading sorts.')


_OUTCOME = {True: 'success', False: 'failure', None: 'unknown'}


def _origin(dataset: Dataset) -> str:
    rows = [(key, value if isinstance(value, str) else json.dumps(value))
            for key, value in dataset.meta.items()]
    rows.append(('contract hash', dataset.contract.hash))
    return page.section('Origin', page.table(('what', 'value'), rows))
