"""Demonstrations restored by DMDR or one of its variants, compared with the truth."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.data_job import DataJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.pollute_job import PolluteJob
from adapt_learning.data import Dataset, load_dataset, save_dataset
from adapt_learning.data.pollution import SIDES, column
from adapt_learning.reports.detection import roc_auc
from adapt_learning.restoration.config import RestorationConfig, resolve
from adapt_learning.restoration.lineage import SideOutcome
from adapt_learning.restoration.pipeline import restore_dataset
from adapt_learning.restoration.run import FolderStore


@dataclass(frozen=True)
class RestoreJob(DataJob):
    """Restore a polluted dataset."""

    kind = 'restore'

    data: PolluteJob
    preset: str = 'dmdr'
    overrides: tuple[str, ...] = ()
    seed: int = 0
    name: str = ''
    """For people; default: the preset."""
    after: 'RestoreJob | None' = None
    """Run later than this one, whose finished stages (filter, learnt models) are taken over."""

    @property
    def origin(self) -> CollectJob:
        """Return who collected."""
        return self.data.origin

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the polluted data, the clean ones to compare with, and whose stages are used."""
        needs = (self.data, self.data.data)
        return needs if self.after is None else (*needs, self.after)

    @property
    def label(self) -> str:
        """Return e.g. fetch_pick-smooth303-gaussian0.2-0-dmdr."""
        return f'{self.data.label}-{self.name or self.preset}'

    @property
    def command(self) -> str:
        """Return the command line that restores the same."""
        changes = ''.join(f' --set {override}' for override in self.overrides)
        return (f'adapt restore NOISY --preset {self.preset}{changes} --seed {self.seed} '
                '--out RESTORED')

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return 10.0 if self.after else 60.0

    @property
    def config(self) -> RestorationConfig:
        """Return the settings."""
        return _resolved(self.preset, self.overrides)

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hash of the polluted data and all settings, whatever preset they are of."""
        return {'dataset': self.data.result(place)['dataset'], 'config': self.config.values(),
                'seed': self.seed}

    def run(self, place: Workplace) -> dict[str, Any]:
        """Restore and compare with the clean data that the polluted ones were made of."""
        store = place.cache / f'stages-{self.data.label}'
        store.mkdir(exist_ok=True)
        polluted = load_dataset(self.data.folder(place))
        result = restore_dataset(polluted, self.config, self.seed, store=FolderStore(store),
                                 source=self.data.label)
        # Always anew: what an older version of the code has left there is of the same name.
        self.make_room(place)
        save_dataset(self.folder(place), result.dataset)
        clean = load_dataset(self.data.data.folder(place))
        return {
            'dataset': result.dataset.hash, 'episodes': len(result.dataset),
            'steps': result.dataset.steps, 'counts': result.counts,
            'estimates': {side: result.estimates[side] for side in SIDES},
            'needed': result.needed, 'seconds': result.dataset.meta['restoration']['seconds'],
            'quality': {side: quality(side, clean, polluted, outcome, result.kept)
                        for side, outcome in (('state', result.state), ('action', result.action))}}


def quality(side: str, clean: Dataset, polluted: Dataset, outcome: SideOutcome,
            kept: np.ndarray) -> dict[str, float | None]:
    """
    Compare one side of a restoration with the truth; errors are in standard deviations.

    roc_auc: of the filter's score. found: share of the polluted values that was suspected.
    false_alarms: share of the clean values that was suspected. before, after: mean distance per
    element of the polluted values that are still there; before_units, after_units: the same in the
    units of the data (states: m and rad; actions: -1..1). clean_changed: share of the clean values
    that was edited, clean_change: by how much, mean over all clean values that are still there.
    """
    index = SIDES.index(side)
    truth = np.concatenate([episode.extras[column(side)] for episode in polluted])
    right, spoilt = (part.pairs()[index].astype(np.float64) for part in (clean, polluted))
    spread = right.std(axis=0)
    moving = spread > 1e-9

    def error(values: np.ndarray, rows: np.ndarray,
              unit: np.ndarray | float = spread[moving]) -> float | None:
        if not rows.any():
            return None
        return float(np.abs((values - right)[rows][:, moving] / unit).mean())

    bad, good = truth & kept, ~truth & kept
    restored = outcome.values.astype(np.float64)
    both = truth.any() and not truth.all()
    return {
        'roc_auc': float(roc_auc(outcome.score, truth)) if both else None,
        'found': _share(outcome.suspected[truth]),
        'false_alarms': _share(outcome.suspected[~truth]),
        'before': error(spoilt, bad), 'after': error(restored, bad),
        'before_units': error(spoilt, bad, 1.0), 'after_units': error(restored, bad, 1.0),
        'clean_changed': _share(outcome.edited[good]),
        'clean_change': error(restored, good)}


def _share(mask: np.ndarray) -> float | None:
    return float(mask.mean()) if mask.size else None


@cache
def _resolved(preset: str, overrides: tuple[str, ...]) -> RestorationConfig:
    return resolve(preset, overrides)
