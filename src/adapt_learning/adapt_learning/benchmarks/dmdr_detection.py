"""How well the filters find pollution of known kinds, shares and sizes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from adapt_learning import catalog
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.detection_job import DetectionJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.page import store_page
from adapt_learning.benchmarks.pollute_job import PolluteJob
from adapt_learning.data.pollution import KINDS, SIDES

EPISODES = {'fetch_pick': 303, 'fetch_push': 185}
"""As many demonstrations as the dissertation used."""
FILTERS = ('random', 'ae', 'lof', 'ae_lof', 'trajectory')
_GAUSSIAN = ((0.2, 1.0), (0.05, 1.0), (0.1, 1.0), (0.4, 1.0), (0.2, 0.5), (0.2, 0.25))
_NOTE = """\
Demonstrations of the task's expert, polluted by `adapt data corrupt`, judged by each filter at its
default settings, all rows of it: `adapt restore` asks no filter about drop-outs and exact copies.
Gaussian: mean over {seeds} seeds (pollution and filter) ± sample standard
deviation; other kinds: one seed.
*AUC*: area under the ROC curve of the scores. *half*: precision / recall where the half with the
higher scores is suspected (dissertation). *estimated*: the share that `estimate_share` reads off
the scores, 0 where it says that nothing needs restoring, and precision / recall at its threshold.
*clean lost*: share of the clean values that are suspected at that threshold. Polluted counts what
differs from the truth.
"""


@dataclass(frozen=True)
class DetectionTable:
    """Which tasks, pollutions and seeds are judged."""

    tasks: tuple[str, ...] = ('fetch_pick', 'fetch_push')
    seeds: tuple[int, ...] = (0, 1, 2)
    filters: tuple[str, ...] = FILTERS

    name = 'dmdr_detection'

    @property
    def command(self) -> str:
        """Return the command line that makes this table."""
        return (f'adapt bench dmdr-detection --tasks {",".join(self.tasks)} '
                f'--seeds {",".join(map(str, self.seeds))}')

    def conditions(self) -> Iterator[tuple[str, float, float]]:
        """Yield (kind, p, sigma); p 0 is clean data."""
        yield 'gaussian', 0.0, 1.0
        yield from (('gaussian', p, sigma) for p, sigma in _GAUSSIAN)
        yield from ((kind, 0.2, 1.0) for kind in KINDS if kind != 'gaussian')

    def cell(self, task: str, condition: tuple[str, float, float],
             judge: str) -> list[DetectionJob]:
        """Return the jobs of one line of the table: Gaussian one per seed, others the first."""
        kind, p, sigma = condition
        expert = next(iter(catalog.load('task', task).experts))
        clean = CollectJob(task, EPISODES.get(task, 300), expert)
        return [DetectionJob(PolluteJob(clean, kind, p, sigma, seed), judge, seed)
                for seed in (self.seeds if kind == 'gaussian' else self.seeds[:1])]

    def jobs(self) -> list[DetectionJob]:
        """Return all jobs."""
        return [job for task in self.tasks for condition in self.conditions()
                for judge in self.filters for job in self.cell(task, condition, judge)]


def write_table(table: DetectionTable, place: Workplace, folder: Path) -> Path:
    """Write dmdr_detection.json and .md into a folder; return the page."""
    rows = list(_rows(table, place))
    return store_page(folder, table.name, {'command': table.command, 'rows': rows},
                      '\n'.join(_markdown(table, rows)))


def _rows(table: DetectionTable, place: Workplace) -> Iterator[dict[str, Any]]:
    for task in table.tasks:
        for condition in table.conditions():
            for judge in table.filters:
                found = [job.stored(place) for job in table.cell(task, condition, judge)]
                if None in found:
                    continue
                kind, p, sigma = condition
                for side in SIDES:
                    cells = [stored['result'][side] for stored in found]
                    yield {'task': task, 'kind': kind if p else 'clean', 'p': p, 'sigma': sigma,
                           'filter': judge, 'side': side, 'seeds': len(cells),
                           **_summary(cells)}


def _summary(cells: list[dict[str, Any]]) -> dict[str, Any]:
    summary: dict[str, Any] = {}
    for name in ('polluted', 'auc', 'estimated', 'needed', 'seconds'):
        summary[name] = _mean([cell[name] for cell in cells])
    aucs = [cell['auc'] for cell in cells]
    summary['auc_std'] = stdev(aucs) if None not in aucs and len(aucs) > 1 else None
    for rule in ('half', 'estimate'):
        for name in ('precision', 'recall', 'clean_suspected'):
            summary[f'{rule}_{name}'] = _mean([cell[rule][name] for cell in cells])
    return summary


def _mean(values: list) -> float | None:
    there = [float(value) for value in values if value is not None]
    return mean(there) if there else None


def _markdown(table: DetectionTable, rows: list[dict[str, Any]]) -> Iterator[str]:
    yield '# Detection of polluted states and actions\n'
    yield f'Made by `{table.command}`; lines that have no results yet are left out.\n'
    yield _NOTE.format(seeds=len(table.seeds))
    head = ('pollution', 'p', 'sigma', 'filter', 'polluted', 'AUC', 'half', 'estimated',
            'at the estimate', 'clean lost')
    for task in table.tasks:
        for side in SIDES:
            lines = [row for row in rows if row['task'] == task and row['side'] == side]
            if not lines:
                continue
            yield f'## {task}: {side}s\n'
            yield f'| {" | ".join(head)} |'
            yield '|---' * len(head) + '|'
            yield from (_line(row) for row in lines)
            yield ''


def _line(row: dict[str, Any]) -> str:
    auc = _number(row['auc'], 3)
    if row['auc_std'] is not None:
        auc += f' ± {row["auc_std"]:.3f}'
    cells = [row['kind'], f'{row["p"]:g}', f'{row["sigma"]:g}' if row['p'] else '-', row['filter'],
             _number(row['polluted'], 2), auc,
             f'{_number(row["half_precision"], 2)} / {_number(row["half_recall"], 2)}',
             _number(row['estimated'], 3),
             f'{_number(row["estimate_precision"], 2)} / {_number(row["estimate_recall"], 2)}',
             _number(row['estimate_clean_suspected'], 3)]
    return f'| {" | ".join(cells)} |'


def _number(value: float | None, digits: int) -> str:
    return '-' if value is None else f'{value:.{digits}f}'
