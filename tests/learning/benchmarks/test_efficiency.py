"""Efficiency with networks that are far too small: who takes turns with whom, what is written."""

import json
from dataclasses import replace

from adapt_learning.benchmarks.efficiency import (
    AS_PUBLISHED,
    DBC,
    EXPORTED_100,
    IN_TORCH,
    Efficiency,
    measure,
)
from adapt_learning.benchmarks.efficiency_page import PUBLISHED_RATIO, write_page
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.benchmarks.table_3_2 import METHODS, Method, Table32

NETWORK = ('network.width=8', 'network.depth=1', 'optimization.steps=20', 'optimization.batch=8',
           'optimization.warmup_steps=1')
TABLE = Table32(
    ('maze',), (0,), demonstrations={'maze': 3}, overrides=(
        ('diffusion_policy', (*NETWORK, 'schedule.steps=20', 'inference_steps=1')),
        ('dbc', (*NETWORK, 'diffusion.network.width=8', 'diffusion.network.depth=1',
                 'diffusion.schedule.steps=10', 'diffusion.optimization.steps=20',
                 'diffusion.optimization.batch=8', 'diffusion.optimization.warmup_steps=1',
                 'likeness.draws=2'))))


def test_measured_in_turns_and_written(tmp_path):
    place = Workplace(tmp_path / 'table-3.2', tmp_path / 'cache')
    few = Method('few', 'diffusion_policy', inference=('sampler=ddpm', 'inference_steps=5'))
    rivals = [replace(rival, method=few) for rival in (EXPORTED_100, AS_PUBLISHED)]
    efficiency = Efficiency(2, 5, TABLE, (DBC, IN_TORCH, *rivals))
    assert len(efficiency.jobs()) == 2
    run_jobs(efficiency.jobs(), place, 1)
    result = measure(efficiency, place)
    dbc, in_torch, _, published = result['contenders']
    # The same network in the same episodes, whoever computes it.
    assert dbc['mean_steps'] == in_torch['mean_steps'] and dbc['latency_ms']['median'] > 0
    ratio = result['ratios'][AS_PUBLISHED.title]
    assert result['ratios']['DBC']['steps'] == 1.0 and ratio['latency'] > 2
    assert ratio['steps_interval'][0] <= ratio['steps'] <= ratio['steps_interval'][1]
    assert published['published_episodes_per_second'] == 1.38
    text = write_page(result, tmp_path).read_text()
    assert 'dissertation 22.3' in text and f'{PUBLISHED_RATIO:.1f}' == '22.3'
    assert json.loads((tmp_path / 'efficiency.json').read_text())['episodes'] == 2
    assert str(tmp_path) not in text


def test_the_trainings_are_those_of_the_table():
    efficiency = Efficiency(table=replace(TABLE, overrides=()))
    shared = {Table32(('maze',), (0,), demonstrations={'maze': 3}).training(method, 'maze')
              for method in METHODS}
    assert len(shared & set(efficiency.jobs())) == len(METHODS)
