"""What `adapt restore` needs for large data: processor time and memory by the number of pairs.

The demonstrations of FetchPick are copied with small noise, so that no episode is there twice, and
restored by the command itself in a process of its own.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.machine import machine, most_memory_kb
from adapt_learning.benchmarks.page import store_page
from adapt_learning.data import Dataset, load_dataset, save_dataset
from adapt_learning.data.pollution import corrupt
from adapt_learning.errors import DatasetError
from adapt_learning.trainers.provenance import code_version

NAME = 'dmdr_size'
_NOISE = 1e-3
"""Of the copies [units of the data]."""
_LOOK_S = 0.05
_PRESETS = ('dmdr', 'trajectory')


def measure(place: Workplace, copies: tuple[int, ...]) -> dict[str, Any]:
    """Restore so many copies of 303 episodes, a fifth of both sides polluted; return the costs."""
    job = CollectJob('fetch_pick', 303, 'smooth')
    if not job.has_product(place):
        job.run(place)
    clean = load_dataset(job.folder(place))
    runs = []
    for count in copies:
        with tempfile.TemporaryDirectory(dir=place.cache) as folder:
            noisy = corrupt(_copied(clean, count), 'gaussian', 0.2, 1.0, 0)
            save_dataset(Path(folder) / 'noisy', noisy)
            runs += [{'pairs': noisy.steps, 'episodes': len(noisy), 'preset': preset,
                      **_restored(Path(folder), preset)} for preset in _PRESETS]
    return {'command': f'adapt bench dmdr-size --copies {",".join(map(str, copies))}',
            'runs': runs, 'code_version': code_version(), **machine()}


def write(result: dict[str, Any], folder: Path) -> Path:
    """Write dmdr_size.json and .md; return the latter."""
    lines = ['# Restoring large data', '',
             f'`{result["command"]}`; copies of the demonstrations of FetchPick, a fifth of both '
             'sides polluted, `adapt restore` with the default settings of a preset, '
             f'{result["processor"]}. Processor time is of all threads together.', '',
             '| pairs | episodes | preset | processor time s | most memory MB |', '|---' * 5 + '|']
    lines += [f'| {run["pairs"]} | {run["episodes"]} | {run["preset"]} | {run["cpu_s"]:.0f} | '
              f'{run["memory_mb"]:.0f} |' for run in result['runs']]
    return store_page(folder, NAME, result, '\n'.join(lines) + '\n')


def _copied(clean: Dataset, count: int) -> Dataset:
    rng = np.random.default_rng(0)

    def shaken(values: np.ndarray) -> np.ndarray:
        return (values + _NOISE * rng.normal(size=values.shape)).astype(np.float32)

    return Dataset(tuple(
        replace(episode, observation=shaken(episode.observation), action=shaken(episode.action),
                seed=episode.seed + (number << 32))
        for number in range(count) for episode in clean), clean.contract, clean.meta)


def _restored(folder: Path, preset: str) -> dict[str, float]:
    child = subprocess.Popen(
        [sys.executable, '-m', 'adapt_learning.cli.main', 'restore', str(folder / 'noisy'),
         '--out', str(folder / preset), '--preset', preset], stdout=subprocess.DEVNULL)
    memory_kb, pid = 0, 0
    while not pid:
        memory_kb = max(memory_kb, most_memory_kb(child.pid))
        time.sleep(_LOOK_S)
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise DatasetError(f'`adapt restore --preset {preset}` ended with {child.returncode}; its '
                           'last words stand above')
    return {'cpu_s': round(used.ru_utime + used.ru_stime, 1),
            'memory_mb': round(memory_kb / 1024, 1)}
