"""The page of the inspection benchmark: tables and JSON, made of stored results."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapt_learning.benchmarks import inspect_curves
from adapt_learning.benchmarks.inspect_bench import (
    BASELINE,
    NAME,
    PUBLISHED,
    PUBLISHED_MEAN,
    TABLE_1_1,
    Draws,
    InspectBench,
    Results,
)
from adapt_learning.benchmarks.inspect_job import ALL
from adapt_learning.benchmarks.inspect_rejects import rejects, rejects_markdown
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.page import store_page, table

MEASURES = {'image_auroc': 'image AUROC', 'pixel_auroc': 'pixel AUROC', 'aupro': 'AUPRO',
            'f1': 'F1', 'false_reject': 'false rejects'}
_NOTE = """\
Detectors that are trained here have not seen the surface that they inspect; those with a name
before the colon are folders, taken as they are. Three settings of what ships (weight and bound of
the fusion, turned references) were chosen with a look at the four real surfaces of this project. A
recipe is made of references drawn from train/good, and up to {pictures} good and {pictures}
defective test pictures are judged, by the code that runs in the node. Mean ± half of the 95 % t
interval over {draws} draws of references (the same for every detector; draws of more references
hold those of fewer). The interval is for other references of the same surfaces, not for other
surfaces or another training. *Against the baseline* and *against nearest_patch*: difference of the
means over the surfaces to that of `{baseline}`, and to
that of nearest_patch on the same backbone, paired over the draws. A dash: not measured, or fewer
pictures in train/good than that. References are turned and mirrored (8 positions up to 16
references, 4 up to 32, 1 beyond) unless the row says that they are taken as they are.
"""
_BESIDE = """\
Means over the surfaces; pixel AUROC and AUPRO over those whose defects have masks. F1 and false
rejects at the threshold that the references alone gave (at most {asked:.1%} of good parts refused
were asked for, what is promised stands under *false rejects*). Times are processor time of one
thread. The measures of each surface are in {name}.json.
"""


def write_page(bench: InspectBench, place: Workplace) -> Path:
    """Write NAME.md, NAME.json and NAME.png beside the results; return the page."""
    results = Results(bench, place)
    folder = place.results.parent
    drawn = inspect_curves.draw(folder / f'{bench.name}.png', results)
    return store_page(folder, bench.name, _values(results),
                      '\n'.join(_markdown(results, drawn)) + '\n')


def _values(results: Results) -> dict[str, Any]:
    bench = results.bench
    rows = []
    for contender in bench.contenders:
        for count in bench.references:
            each = {}
            for i, domain in enumerate(bench.domains):
                cell = results.cell(contender.title, domain.name, count)
                if cell is None:
                    continue
                each[domain.name] = {
                    **{name: found and found.as_dict() for name in MEASURES
                       for found in [results.measure(contender.title, domain.name, count, name)]},
                    'bound': cell[0]['bound'], 'references': cell[0]['references'],
                    'command': bench.draws_of(contender, i, count)[-1].command}
            means = {name: found and found.as_dict() for name in MEASURES
                     for found in [results.mean(contender.title, count, name, False)]}
            gain = results.gain(contender.title, count)
            above_floor = results.gain(contender.title, count, contender.floor)
            rows.append({'detector': contender.title, 'references': count or 'all',
                         'surfaces': each, 'mean': means,
                         'against_baseline': gain and gain.as_dict(),
                         'against_nearest_patch': above_floor and above_floor.as_dict()})
    return {'table': bench.name, 'command': bench.command, 'draws': bench.draws,
            'pictures': bench.pictures, 'false_reject_asked': bench.false_reject,
            'surfaces': {one.name: {'train': one.train_count} for one in bench.domains},
            'rows': rows, 'false_rejects': rejects(results), 'distance': results.distance,
            **({'published': {**PUBLISHED, 'mean': PUBLISHED_MEAN}} if bench.is_table_1_1 else {})}


def _markdown(results: Results, drawn: bool) -> Iterator[str]:
    bench = results.bench
    yield '# Inspection of surfaces by few references\n'
    yield f'Made by `{bench.command}` from the files in {NAME}/; nothing is typed by hand.\n'
    yield _NOTE.format(pictures=bench.pictures, draws=bench.draws, baseline=BASELINE)
    yield '## Image AUROC\n'
    yield from table(('detector', 'references', *(one.name for one in bench.domains), 'mean',
                      'against the baseline', 'against nearest_patch'), _auroc_rows(results))
    if drawn:
        yield (f'![image AUROC against the number and share of references, one diagram per surface]'
               f'({bench.name}.png)\n')
    if bench.is_table_1_1:
        yield from _table_1_1(results)
    yield '## Pixels, threshold and costs\n'
    yield _BESIDE.format(asked=bench.false_reject, name=bench.name)
    yield from table(('detector', 'references', *list(MEASURES.values())[1:], 'fit [s]',
                      'per picture [ms]', 'bank [kB]'), _beside_rows(results))
    yield from rejects_markdown(results)
    if results.distance is not None:
        yield from _distance(results.distance, bench)


def _auroc_rows(results: Results) -> Iterator[list[str]]:
    for contender in results.bench.contenders:
        for count in results.bench.references:
            each = [results.measure(contender.title, one.name, count, 'image_auroc')
                    for one in results.bench.domains]
            yield [contender.title, str(count or 'all'), *map(shown, each),
                   shown(results.mean(contender.title, count, 'image_auroc')),
                   *(shown(results.gain(contender.title, count, base), sign=True)
                     for base in (BASELINE, contender.floor))]


def _beside_rows(results: Results) -> Iterator[list[str]]:
    for contender in results.bench.contenders:
        for count in results.bench.references:
            measures = [results.mean(contender.title, count, name, False)
                        for name in list(MEASURES)[1:]]
            costs = [results.mean(contender.title, count, name)
                     for name in ('fit_s', 'judge_s', 'bank_bytes')]
            yield [contender.title, str(count or 'all'), *map(shown, measures),
                   *('-' if one is None else f'{factor * one.mean:.{digits}f}'
                     for one, factor, digits in zip(costs, (1, 1e3, 1e-3), (1, 0, 0),
                                                    strict=True))]


def _table_1_1(results: Results) -> Iterator[str]:
    yield f'## Dissertation {TABLE_1_1.replace("-", " ")}: image AUROC on MVTec-AD\n'
    if ALL not in results.bench.references:
        yield ('The dissertation takes all good pictures as references: run with `--references '
               'all`.\n')
        return
    rows = [['meta-comparer, dissertation', *(f'{value:.3f}' for value in PUBLISHED.values()),
             f'{PUBLISHED_MEAN:.3f}']]
    for contender in results.bench.contenders:
        each = [results.measure(contender.title, name, ALL, 'image_auroc') for name in PUBLISHED]
        full = None not in each
        rows.append([contender.title, *map(shown, each),
                     f'{sum(one.mean for one in each) / len(each):.3f}' if full else '-'])
    yield (f'All good pictures are references. Ours: up to {results.bench.pictures} good and as '
           'many defective test pictures of each texture; the dissertation judges all of them.\n')
    yield from table(('detector', *PUBLISHED, 'mean'), rows)


def _distance(found: dict[str, Any], bench: InspectBench) -> Iterator[str]:
    job = bench.distance
    yield '## How far the surfaces are from each other\n'
    yield (f'Fréchet distance of Gaussians fitted to the coarsest level of {job.backbone} '
           f'({found["features"]} features, averaged over each picture) of {found["pictures"]} '
           'good pictures of each surface, in place of the FID of dissertation table 1.2. It is '
           'not the FID that Inception gives: compare the numbers with each other only. So few '
           'pictures make all of them too large.\n')
    yield from table(('', *found['names']), (
        [name, *('-' if i == j else f'{value:.2f}' for j, value in enumerate(row))]
        for i, (name, row) in enumerate(zip(found['names'], found['matrix'], strict=True))))


def shown(draws: Draws | None, sign: bool = False) -> str:
    """Return e.g. `0.943 ± 0.012`."""
    if draws is None:
        return '-'
    half = '' if draws.half is None else f' ± {draws.half:.3f}'
    return f'{draws.mean:{"+" if sign else ""}.3f}{half}'
