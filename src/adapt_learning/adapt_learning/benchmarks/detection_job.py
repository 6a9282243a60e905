"""Judging polluted demonstrations by every filter, with the truth beside it."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from adapt_learning import catalog
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.pollute_job import PolluteJob
from adapt_learning.data import load_dataset
from adapt_learning.data.pollution import SIDES, column
from adapt_learning.reports.detection import roc_auc
from adapt_learning.restoration.base import Side
from adapt_learning.restoration.scale import robust_normalizer
from adapt_learning.restoration.share import ShareConfig, estimate_share
from adapt_learning.stacked.config import to_values


@dataclass(frozen=True)
class DetectionJob(Job):
    """Let one filter judge both sides of one polluted dataset."""

    kind = 'detect'

    data: PolluteJob
    filter: str
    seed: int = 0

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the polluted data."""
        return (self.data,)

    @property
    def label(self) -> str:
        """Return e.g. ae_lof-fetch_pick-smooth303-gaussian0.2-0."""
        return f'{self.filter}-{self.data.label}'

    @property
    def command(self) -> str:
        """Return the command line that judges the same."""
        return f'adapt restore NOISY --set filter={self.filter} --seed {self.seed}'

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return {'random': 0.1, 'lof': 2.0, 'trajectory': 12.0}.get(self.filter, 6.0)

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hash of the data, the filter with its settings, and the seed."""
        config = catalog.load('filter', self.filter).Config()
        return {'dataset': self.data.result(place)['dataset'], 'filter': self.filter,
                'settings': to_values(config), 'seed': self.seed}

    def has_product(self, place: Workplace) -> bool:
        """Return True: nobody uses more than the result."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Judge; return the quality of each side."""
        dataset = load_dataset(self.data.folder(place))
        pairs = dataset.pairs()
        values = [robust_normalizer(x, np.ones(len(x), bool)).normalize(x) for x in pairs]
        episode = np.repeat(np.arange(len(dataset)), [len(e) for e in dataset])
        kind = catalog.load('filter', self.filter)
        result = {}
        for i, name in enumerate(SIDES):
            began_s = time.perf_counter()
            scores = kind(kind.Config()).scores(
                Side(name, values[i], values[1 - i], episode, np.ones(len(episode), bool)),
                self.seed, lambda share, text: None)
            truth = np.concatenate([e.extras[column(name)] for e in dataset])
            result[name] = {**quality(scores, truth, kind.share),
                            'seconds': round(time.perf_counter() - began_s, 2)}
        return result


def quality(scores: np.ndarray, truth: np.ndarray,
            reading: ShareConfig | None = None) -> dict[str, Any]:
    """Return ROC AUC, precision and recall at the half rule and at the estimated share."""
    estimate = estimate_share(scores, reading)
    half = np.zeros(len(scores), bool)
    half[np.argsort(scores, kind='stable')[round(0.5 * len(scores)):]] = True
    auc = roc_auc(scores, truth)
    return {
        'polluted': float(truth.mean()), 'auc': None if np.isnan(auc) else float(auc),
        'estimated': estimate.polluted, 'needed': estimate.needed,
        'half': _precision_recall(half, truth),
        'estimate': _precision_recall(scores > estimate.threshold, truth)}


def _precision_recall(suspected: np.ndarray, truth: np.ndarray) -> dict[str, float | None]:
    hits = np.count_nonzero(suspected & truth)
    return {'precision': hits / suspected.sum() if suspected.any() else None,
            'recall': hits / truth.sum() if truth.any() else None,
            'clean_suspected': float(suspected[~truth].mean()) if not truth.all() else None}
