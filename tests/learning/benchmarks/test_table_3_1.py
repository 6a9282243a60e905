"""Table 3.1: clusters of states and actions, and the table of them."""

import json

import numpy as np
import pytest

from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.multimodality import majority, normalized
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.benchmarks.table_3_1 import PUBLISHED, Table31, write_table


@pytest.fixture
def blobs():
    """Return ten well separated states [1000, 2] and which one each row is of."""
    rng = np.random.default_rng(0)
    kind = np.arange(1000) % 10
    angle = 2 * np.pi * kind / 10
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return circle + 0.01 * rng.standard_normal(circle.shape), kind


def test_one_action_per_state_is_a_ratio_of_one(blobs):
    state, kind = blobs
    found = majority(state, kind[:, None].astype(float), 0)
    assert found.ratio == found.mean_of_clusters == 1.0 and found.chance == pytest.approx(0.1)


def test_actions_that_do_not_depend_on_the_state_are_at_chance(blobs):
    state, _ = blobs
    action = np.repeat(np.arange(100) % 10, 10)[:, None].astype(float)
    assert majority(state, action, 0).ratio == pytest.approx(0.1)


def test_two_ways_from_every_state_are_a_ratio_of_a_half(blobs):
    state, kind = blobs
    action = ((kind + 5 * (np.arange(1000) // 10 % 2)) % 10)[:, None].astype(float)
    assert majority(state, action, 0).ratio == pytest.approx(0.5)


def test_clusters_of_different_size_count_by_their_states():
    state = np.repeat([[0.0], [1.0]], [90, 10], axis=0)
    action = np.concatenate([np.zeros(90), np.arange(10) + 5.0])[:, None]
    found = majority(state, action, 0)
    assert found.ratio > 0.9 and found.mean_of_clusters < 0.7


def test_scale_is_taken_out_by_normalising_only():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((50, 2)) * [1.0, 1000.0] + 7.0
    scaled = normalized(np.c_[x, np.full(50, 3.0)])
    assert scaled[:, :2].std(axis=0) == pytest.approx([1.0, 1.0]) and not scaled[:, 2].any()


def test_table_from_demonstrations_to_page(tmp_path, monkeypatch):
    table = Table31(('maze',), (0, 1), {'maze': 3})
    monkeypatch.setattr(Table31, 'whole', lambda table: table)
    place = Workplace(tmp_path / 'benchmarks' / 'table-3.1', tmp_path / 'cache')
    run_jobs(table.jobs(), place, 1)
    path = write_table(table, place)
    text, content = path.read_text(), json.loads(path.with_suffix('.json').read_text())
    row, = content['rows']
    assert row['published'] == PUBLISHED['maze'] == 0.184 and '| 0.184 |' in text
    assert len(row['normalised']) == len(row['raw']) == 2 and row['episodes'] == 3
    for run in row['normalised'] + row['raw']:
        assert run['chance'] - 0.05 < run['ratio'] < 1.0
    assert str(tmp_path) not in text + json.dumps(content)
