"""How well `adapt data report` finds pollution, and how often it cries wolf on clean data."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.data import Dataset, load_dataset
from adapt_learning.data.pollution import KINDS, column, corrupt
from adapt_learning.data.quality import BAD, LOOK, OK, Norms, QualityConfig, report
from adapt_learning.evaluation.collect import CollectPlan, collect
from adapt_learning.reports.detection import roc_auc

SIDES = ('state', 'action')
P, SIGMA = 0.2, 1.0


def measure(task: str, episodes: int, seed: int, cache: Path,
            progress: Callable[[int, str], None] = lambda done, note: None) -> dict[str, Any]:
    """
    Return what the report says of clean data and of each kind of pollution (p 0.2, sigma 1).

    The clean data are collected into `cache` unless they are there.
    """
    plan = CollectPlan(task, episodes, seed)
    folder = cache / f'quality-{task}-{episodes}-{seed}'
    clean = load_dataset(folder) if folder.is_dir() else collect(plan, folder, jobs=1)
    rows = [_judged('clean', clean)]
    for number, kind in enumerate(KINDS):
        progress(number, kind)
        rows.append(_judged(kind, corrupt(clean, kind, P, SIGMA, seed, SIDES)))
    progress(len(KINDS), '')
    return {'task': task, 'command': plan.command, 'data': clean.hash, 'episodes': len(clean),
            'pairs': clean.steps, 'p': P, 'sigma': SIGMA, 'seed': seed, 'rows': rows}


def table(result: dict[str, Any]) -> str:
    """Return the measurement as a Markdown table."""
    head = ('pollution', 'episodes ok / look / bad', 'state AUC', 'found', 'false',
            'action AUC', 'found', 'false', 'noticed by')
    lines = [' | '.join(head), '|'.join(['---'] * len(head))]
    for row in result['rows']:
        cells = [row['kind'], ' / '.join(str(row['verdicts'][v]) for v in (OK, LOOK, BAD))]
        for side in SIDES:
            part = row[side]
            cells += [_number(part['auc']), _percent(part['found']), _percent(part['false'])]
        lines.append(' | '.join([*cells, ', '.join(row['noticed_by']) or '-']))
    return '\n'.join(f'| {line} |' for line in lines)


def _judged(kind: str, dataset: Dataset) -> dict[str, Any]:
    began_s = time.monotonic()
    norms = Norms.of(dataset, QualityConfig())
    result = report(dataset, norms=norms)
    seconds = time.monotonic() - began_s
    row = {'kind': kind, 'verdict': result.verdict, 'seconds': round(seconds, 2),
           'verdicts': {verdict: result.count(verdict) for verdict in (OK, LOOK, BAD)},
           'noticed_by': [f.check for f in result.findings if f.verdict != OK]}
    for side, judged in (('state', norms.states), ('action', norms.actions)):
        truth = np.concatenate([
            e.extras.get(column(side), np.zeros(len(e), dtype=bool)) for e in dataset])
        auc = roc_auc(judged.score, truth)
        row[side] = {
            'polluted': float(truth.mean()), 'auc': None if auc != auc else auc,
            'found': float(judged.rows[truth].mean()) if truth.any() else None,
            'false': float(judged.rows[~truth].mean())}
    return row


def _number(value: float | None) -> str:
    return '-' if value is None else f'{value:.3f}'


def _percent(value: float | None) -> str:
    return '-' if value is None else f'{100 * value:.1f} %'
