"""The page of `adapt restore --report`: what was polluted, what became of it, what to trust."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.data import Dataset
from adapt_learning.data.dataset import NO_LEVEL, SOURCE_EPISODE
from adapt_learning.reports import charts, page
from adapt_learning.reports.compare import SIDES, Edits, episode_view
from adapt_learning.reports.detection import detection
from adapt_learning.reports.view import drawing, legend

_DRAWN = 4
_UNCHANGED = 0.005
"""Below this share of edited and dropped pairs the data count as unchanged."""
_FEW = 0.01
"""Below this estimated share of polluted values a restoration was probably not needed."""
_MANY = 0.3
"""From this share of dropped pairs on a person should look."""


def restoration_page(before: Dataset, after: Dataset, path: str | Path) -> None:
    """
    Write what a restoration did as one HTML file.

    `after` carries the columns and the meta of a restored dataset; DatasetError where it was not
    made from `before`. Where `before` says what is polluted, the quality of the detection is
    shown, too.
    """
    edits = Edits(before, after)
    facts = dict(after.meta['restoration'])
    verdict, sentence = _verdict(edits, facts)
    source = facts.get('source', {})
    page.write_page(path, 'Restoration report', (
        page.heading('Restoration report', f'{source.get("name", "dataset")} · content hash '
                     f'{before.hash} → {after.hash}', verdict, sentence),
        _numbers(edits, facts), _next(edits), _parts(edits), _levels(edits, facts),
        _truth(edits), _most_edited(edits), _elements(edits), _episodes(edits),
        _settings(facts)))


def _verdict(edits: Edits, facts: dict[str, Any]) -> tuple[str, str]:
    pairs = max(len(edits.dropped), 1)
    dropped = edits.dropped.sum() / pairs
    restored = [edits.flag(side, 'edited').sum() / pairs for side in SIDES]
    unchanged = max(dropped, *restored) < _UNCHANGED
    found = [share for side in SIDES if isinstance(
        share := (facts.get('estimates') or {}).get(side), int | float)]
    # One NaN needs mending, but not a half of all values.
    few = facts.get('needed') is False or (found and max(found) < _FEW)
    if few and not unchanged:
        share = (facts.get('config') or {}).get('clean_share')
        return 'look', (
            'Restoring was probably not needed: the scores do not stand out, so the data are clean '
            'or the filter cannot tell. '
            + (f'All the same {1 - share:.0%} of each side were suspected, because clean_share is '
               f'fixed at {share:g}: ' if share is not None else 'All the same ')
            + f'{restored[0]:.1%} of the states and {restored[1]:.1%} of the actions were replaced '
            f'and {dropped:.1%} of the pairs dropped. `adapt data report` and --preset trajectory '
            'judge by the neighbours in time: restore with that if they see pollution, else train '
            'on the input, or restore with --set clean_share=auto, which leaves such data as they '
            'are.')
    if unchanged:
        return 'ok', ('Nothing to restore: the data look clean, or the filter cannot tell, and '
                      'came back (nearly) unchanged '
                      f'({restored[0]:.2%} of the states and {restored[1]:.2%} of the actions '
                      f'were edited, {dropped:.2%} of the pairs dropped).')
    text = (f'{restored[0]:.1%} of the states and {restored[1]:.1%} of the actions were restored, '
            f'{dropped:.1%} of the pairs were dropped because neither side could be trusted or a '
            'value was missing. ')
    if dropped >= _MANY:
        return 'look', text + ('So many dropped pairs leave holes in the episodes: look at some '
                               'of them, or restore with context.')
    return 'ok', text + 'The input was not touched.'


def _numbers(edits: Edits, facts: dict[str, Any]) -> str:
    estimates = facts.get('estimates') or {}
    shares = [(f'{side}s polluted, estimated', page.percent(estimates[side]))
              for side in SIDES if isinstance(estimates.get(side), int | float)]
    # An estimate is only worth what its reason is: a filter that cannot tell says 0 %.
    reasons = [f'{side}s: {text}' for side, text in (estimates.get('reasons') or {}).items()]
    seconds = facts.get('seconds') or {}
    total = sum(seconds.values()) if isinstance(seconds, dict) else seconds
    return page.cards((
        ('pairs in', page.number(len(edits.dropped))),
        ('pairs out', page.number(edits.after.steps)),
        ('dropped', page.number(int(edits.dropped.sum()))),
        *((f'{side}s suspected', page.number(int(edits.flag(side, 'suspected').sum())))
          for side in SIDES),
        *((f'{side}s restored', page.number(int(edits.flag(side, 'edited').sum())))
          for side in SIDES),
        *shares, ('seconds', page.number(float(total))))) + page.bullets(reasons)


def _next(edits: Edits) -> str:
    lines = ['Compare: adapt data view RESTORED --episode N --before INPUT --out view.html',
             'Judge again: adapt data report RESTORED --html report.html',
             'Train on it, and on the input as well: what counts is the success of the policy.',
             'Undo: the input is as it was; train on it, or restore with other settings.']
    gone = len(edits.before) - len({int(e.extras[SOURCE_EPISODE][0]) for e in edits.after})
    if gone:
        lines.insert(0, f'{gone} episodes lost all their pairs: record these again.')
    return page.section('What to do next', page.bullets(lines))


def _parts(edits: Edits) -> str:
    state, action = (edits.flag(side, 'edited') for side in SIDES)
    count = len(edits.dropped)
    shares = (('unchanged', (~state & ~action).sum()), ('state restored', (state & ~action).sum()),
              ('action restored', (~state & action).sum()),
              ('both restored', (state & action).sum()), ('dropped', edits.dropped.sum()))
    return page.section('What became of the pairs', charts.stacked(
        f'{count} pairs', [(name, float(value)) for name, value in shares]))


def _levels(edits: Edits, facts: dict[str, Any]) -> str:
    drawn, config = [], facts.get('config') or {}
    threshold = (config.get('restorer_settings') or {}).get('threshold')
    for side in SIDES:
        level = edits.values(f'adapt.{side}_level', NO_LEVEL)
        level = level[level != NO_LEVEL]
        if not len(level):
            continue
        top = max(100, int(level.max()))
        counts, edges = np.histogram(level, bins=min(top, 50), range=(0, top))
        drawn.append((f'{len(level)} suspected {side}s; {int((level < (threshold or 0)).sum())} '
                      'below t_thres were kept', charts.histogram(
                          f'Predicted noise level of the {side}s', counts, edges, 't*',
                          threshold, 't_thres')))
    note = ('How much noise the predictor saw in what the filter suspected: 0 is none. Below '
            't_thres a value is trusted after all.')
    return page.section('Noise levels', page.figures(*drawn) or
                        '<p>No noise level was predicted.</p>', note=note)


def _truth(edits: Edits) -> str:
    rows = [line for side in SIDES if (line := detection(edits, side)) is not None]
    if not rows:
        return ''
    heads = ('side', 'polluted', 'suspected of them', 'false alarms among clean', 'ROC AUC',
             'edited of polluted', 'clean values edited', 'mean edit of clean [std]')
    return page.section('Against the truth', page.table(heads, [r.cells() for r in rows]), note=(
        'The input says which rows were polluted on purpose. Rows that were dropped have no score '
        'any more and count as suspected on both sides; the AUC is that of the rows left.'))


def _most_edited(edits: Edits) -> str:
    size = np.zeros(len(edits.after))
    owner = np.repeat(np.arange(len(edits.after)), [len(e) for e in edits.after])
    for side in SIDES:
        change = np.sqrt((edits.change(side) ** 2).mean(axis=1))
        size += np.bincount(owner, weights=change, minlength=len(size))
    size /= np.maximum(np.bincount(owner, minlength=len(size)), 1)
    parts = []
    for rank, number in enumerate(np.argsort(-size)[:_DRAWN]):
        if not size[number]:
            break
        seen = episode_view(edits.after, int(number), edits.before)
        title = f'{seen.title.capitalize()}: {seen.sentence}'
        parts.append(f'<h3>{title}</h3>{drawing(seen)}' if not rank else
                     page.details(title, drawing(seen)))
        note = legend(seen)
    if not parts:
        return page.section('Before and after', '<p>No value was changed.</p>')
    return page.section('Before and after: the most edited episodes', *parts, note=note)


def _elements(edits: Edits) -> str:
    drawn = []
    for side, spec in zip(SIDES, (edits.after.contract.observation_spec,
                                  edits.after.contract.action_spec), strict=True):
        edited = edits.flag(side, 'edited')
        if edited.any():
            size = np.sqrt((edits.change(side)[edited] ** 2).mean(axis=0))
            rows = list(zip(spec.labels, map(float, size), strict=True))
            rows = sorted(rows, key=lambda row: -row[1])[:24]
            drawn.append((f'Root mean square edit of the restored {side}s [std of the input]',
                          charts.bars(f'Edits of the {side}s', rows)))
    return page.section('Size of the edits per element', page.figures(*drawn)) if drawn else ''


def _episodes(edits: Edits) -> str:
    pairs = np.bincount(edits.before_episode, minlength=len(edits.before))
    dropped = np.bincount(edits.before_episode, weights=edits.dropped, minlength=len(edits.before))
    index = edits.before_episode[edits.source]
    counts = {(side, word): np.bincount(index, weights=edits.flag(side, word),
                                        minlength=len(edits.before))
              for side in SIDES for word in ('suspected', 'edited')}
    largest = np.zeros(len(edits.before))
    for side in SIDES:
        np.maximum.at(largest, index, np.abs(edits.change(side)).max(axis=1, initial=0.0))
    rows = ((number, int(pairs[number]), int(dropped[number]),
             *(int(counts[key][number]) for key in counts), float(largest[number]))
            for number in range(len(edits.before)))
    heads = ('source episode', 'pairs', 'dropped', 'states suspected', 'states restored',
             'actions suspected', 'actions restored', 'largest edit [std]')
    table = page.table(heads, rows, tools=True, verdicts=False)
    return page.section('Every episode', table, note='A click on a heading sorts.')


def _settings(facts: dict[str, Any]) -> str:
    rows = [(key, value if isinstance(value, str) else json.dumps(value))
            for key, value in facts.items()]
    return page.section('Lineage and settings', page.table(('what', 'value'), rows))
