"""The table of detection: its numbers, its lines, its page."""

import numpy as np
import pytest

from adapt_learning.benchmarks import dmdr_detection as module
from adapt_learning.benchmarks.detection_job import quality
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.data.files import read_json


def test_quality_of_a_perfect_filter():
    """Half of the values is suspected by the half rule, all polluted ones by the estimate."""
    rng = np.random.default_rng(0)
    truth = rng.random(2000) < 0.2
    found = quality(np.exp(0.5 * rng.normal(size=2000) + 4 * truth), truth)
    assert found['auc'] > 0.999
    assert found['needed']
    assert found['estimated'] == pytest.approx(truth.mean(), abs=0.01)
    assert found['half']['recall'] == 1.0
    assert found['half']['precision'] == pytest.approx(truth.sum() / 1000)
    assert found['estimate']['precision'] > 0.98
    assert found['estimate']['clean_suspected'] < 0.01


def test_quality_on_clean_data():
    """What is not defined is None, not a number."""
    rng = np.random.default_rng(0)
    found = quality(np.exp(0.5 * rng.normal(size=2000)), np.zeros(2000, bool))
    assert found['auc'] is None
    assert found['half'] == {'precision': 0.0, 'recall': None, 'clean_suspected': 0.5}
    assert found['estimate'] == {'precision': None, 'recall': None, 'clean_suspected': 0.0}


def test_the_table_shows_every_condition(tmp_path, monkeypatch):
    """Three demonstrations, two quick filters: every line is there with its AUC."""
    monkeypatch.setitem(module.EPISODES, 'fetch_pick', 3)
    table = module.DetectionTable(('fetch_pick',), (0, 1), ('random', 'lof'))
    place = Workplace(tmp_path / 'results', tmp_path / 'cache')
    run_jobs(table.jobs(), place, 1)
    page = module.write_table(table, place, tmp_path).read_text(encoding='utf-8')
    rows = read_json(tmp_path / 'dmdr_detection.json')['rows']
    conditions = list(table.conditions())
    assert len(rows) == 2 * 2 * len(conditions)
    for row in rows:
        assert row['seeds'] == (2 if row['kind'] in ('gaussian', 'clean') else 1)
        assert (row['auc'] is None) == (row['kind'] == 'clean')
    gaussian = {row['filter']: row['auc'] for row in rows
                if row['side'] == 'state' and row['kind'] == 'gaussian' and row['p'] == 0.4}
    assert gaussian['lof'] > gaussian['random'] + 0.2
    assert page.count('\n| gaussian ') == 2 * 2 * 6
    assert table.command in page
