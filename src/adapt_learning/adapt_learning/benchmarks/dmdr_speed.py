"""How long restoring takes: the whole pipeline, and walking back together against one by one.

Seconds are processor time of one thread, so other programs on the machine do not count.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.machine import machine
from adapt_learning.benchmarks.page import store_page
from adapt_learning.data import load_dataset
from adapt_learning.data.pollution import corrupt
from adapt_learning.restoration.config import resolve
from adapt_learning.restoration.no_threshold import NoThresholdConfig, NoThresholdRestorer
from adapt_learning.restoration.pipeline import restore_dataset
from adapt_learning.restoration.scale import robust_normalizer
from adapt_learning.trainers.provenance import code_version

NAME = 'dmdr_speed'
COMMAND = 'adapt bench dmdr-speed'
_ALONE = 200
"""So many values are restored one by one; the rest would take the same each."""
_ROUNDS = 3
"""The fastest of so many: caches that others empty do not count either."""


def measure(place: Workplace, presets: tuple[str, ...] = ('dmdr', 'trajectory')) -> dict[str, Any]:
    """Collect 303 episodes of FetchPick, pollute a fifth, restore; return seconds and ratios."""
    torch.set_num_threads(1)
    job = CollectJob('fetch_pick', 303, 'smooth')
    job.run(place)
    noisy = corrupt(load_dataset(job.folder(place)), 'gaussian', 0.2, 1.0, 0)
    pipelines, learnt = {}, _Kept()
    for preset in presets:
        began_s = time.process_time()
        done = restore_dataset(noisy, resolve(preset), store=learnt if preset == 'dmdr' else None)
        pipelines[preset] = {
            'cpu_s': round(time.process_time() - began_s, 1), 'counts': done.counts,
            'wall_s': done.dataset.meta['restoration']['seconds']}
    pairs = noisy.pairs()
    values = [robust_normalizer(x, np.ones(len(x), bool)).normalize(x) for x in pairs]
    sides = {name: _walks(values[i], values[1 - i], learnt.learnt(name))
             for i, name in enumerate(('state', 'action'))}
    return {'command': COMMAND, 'pairs': noisy.steps, 'pipelines': pipelines, 'restoring': sides,
            'threads': 1, 'code_version': code_version(), **machine()}


def write(result: dict[str, Any], folder: Path) -> Path:
    """Write dmdr_speed.json and .md; return the latter."""
    lines = ['# Speed of restoration', '', f'`{COMMAND}`; FetchPick, {result["pairs"]} pairs, '
             f'seconds of processor time, one thread, {result["processor"]}.', '',
             '| preset | whole pipeline s | judging | learning | restoring |',
             '|---|---|---|---|---|']
    for preset, one in result['pipelines'].items():
        total = sum(one['wall_s'].values())
        shares = (sum(s for name, s in one['wall_s'].items() if verb in name) / total
                  for verb in ('judge', 'learn', 'restore'))
        lines.append(f'| {preset} | {one["cpu_s"]} | '
                     + ' | '.join(f'{share:.0%}' for share in shares) + ' |')
    lines += ['', 'All values of a side denoised from their predicted level, walking back together '
              'or one after the other:', '',
              '| side | together s | one by one s (extrapolated) | ratio |', '|---|---|---|---|']
    lines += [f'| {name} | {one["together_s"]} | {one["alone_s"]} | {one["ratio"]} |'
              for name, one in result['restoring'].items()]
    return store_page(folder, NAME, result, '\n'.join(lines) + '\n')


def _walks(values: np.ndarray, condition: np.ndarray,
           learnt: dict[str, np.ndarray]) -> dict[str, float]:
    restorer = NoThresholdRestorer(NoThresholdConfig())
    restorer.load_state(learnt)
    known = np.ones(len(values), bool)

    def seconds(rows: list[slice]) -> float:
        began_s = time.process_time()
        for row in rows:
            restorer.restore(values[row], known[row], condition[row], 0, lambda share, text: None)
        return time.process_time() - began_s

    together_s = min(seconds([slice(None)]) for _ in range(_ROUNDS))
    # Spread over the data, so that their levels are those of all.
    alone = [slice(i, i + 1) for i in np.linspace(0, len(values) - 1, _ALONE, dtype=int).tolist()]
    alone_s = min(seconds(alone) for _ in range(_ROUNDS)) * len(values) / _ALONE
    return {'together_s': round(together_s, 2), 'alone_s': round(alone_s, 1),
            'ratio': round(alone_s / together_s)}


class _Kept:
    """The stages of a restoration, in memory."""

    def __init__(self):
        self.arrays: dict[str, dict[str, np.ndarray]] = {}

    def get(self, name: str) -> None:
        """Return None: everything shall be done."""

    def put(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        """Keep a stage."""
        self.arrays[name] = arrays

    def learnt(self, side: str) -> dict[str, np.ndarray]:
        """Return what the restorer of a side learnt."""
        return next(arrays for name, arrays in self.arrays.items()
                    if name.startswith(f'learn-{side}s-'))
