"""Large data: copies that are no twins, the cost of the command itself, its failure told."""

import json

import numpy as np
import pytest

from adapt_learning.benchmarks import dmdr_size
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.data import load_dataset, save_dataset
from adapt_learning.data.quality.rows import Rows
from adapt_learning.data.quality.twins import Twins
from adapt_learning.errors import DatasetError


@pytest.fixture(scope='module')
def clean(tmp_path_factory):
    """Return two demonstrations."""
    place = Workplace(*(tmp_path_factory.mktemp(name) for name in ('results', 'cache')))
    job = CollectJob('fetch_pick', 2, 'smooth')
    job.run(place)
    return load_dataset(job.folder(place))


def test_no_copy_is_a_twin(clean):
    copies = dmdr_size._copied(clean, 3)
    assert copies.steps == 3 * clean.steps and len({e.seed for e in copies}) == 6
    assert not Twins.of(copies, Rows.of(copies), 0.0).exact
    apart = copies.episodes[2].observation - clean.episodes[0].observation
    assert 0.0005 < np.std(apart) < 0.002


def test_the_cost_is_that_of_the_command(clean, tmp_path, monkeypatch):
    """Two demonstrations are too few: its words are passed on, and nothing is counted."""
    save_dataset(tmp_path / 'noisy', clean)
    with pytest.raises(DatasetError, match='adapt restore --preset dmdr` ended with 2'):
        dmdr_size._restored(tmp_path, 'dmdr')
    # A small program in its place: what this process holds is no part of its memory.
    program = tmp_path / 'program'
    program.write_text('#!/bin/sh\nsleep 0.3\n', encoding='utf-8')
    program.chmod(0o755)
    monkeypatch.setattr(dmdr_size.sys, 'executable', str(program))
    cost = dmdr_size._restored(tmp_path, 'dmdr')
    assert 0 <= cost['cpu_s'] < 0.3 and 0 < cost['memory_mb'] < 50


def test_the_page_has_every_run(tmp_path):
    runs = [{'pairs': n, 'episodes': 1, 'preset': 'dmdr', 'cpu_s': 61.2, 'memory_mb': 812.4}
            for n in (10, 20)]
    path = dmdr_size.write({'command': 'adapt bench dmdr-size --copies 1', 'runs': runs,
                            'processor': 'one'}, tmp_path)
    assert '| 20 | 1 | dmdr | 61 | 812 |' in path.read_text(encoding='utf-8')
    assert json.loads((tmp_path / 'dmdr_size.json').read_text())['runs'] == runs
