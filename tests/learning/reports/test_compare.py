"""Rows of a restored dataset find the rows they came from."""

import json
from dataclasses import replace

import numpy as np
import pytest

from adapt_learning.data import Dataset
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.reports.compare import Edits, episode_view
from adapt_learning.reports.detection import detection, roc_auc


def test_every_row_finds_its_source(clean, polluted, restored):
    edits = Edits(polluted, restored)
    truth = np.concatenate([e.extras['adapt.state_polluted'] & e.extras['adapt.action_polluted']
                            for e in polluted])
    assert np.array_equal(edits.dropped, truth)
    assert np.array_equal(clean.pairs()[0][edits.source], restored.pairs()[0])
    change = edits.change('action')
    assert np.array_equal(change.any(axis=1), edits.flag('action', 'edited'))


def test_the_quality_of_the_detection(polluted, restored):
    found = detection(Edits(polluted, restored), 'state')
    assert (found.found, found.auc, found.edited, found.touched) == (1.0, 1.0, 1.0, 0.0)
    # What is dropped counts as suspected on both sides, so clean rows are none of it here.
    assert found.false == 0.0 and 0.1 < found.polluted < 0.3
    plain = Dataset(tuple(replace(e, extras={}) for e in polluted), polluted.contract)
    after = Dataset(restored.episodes, restored.contract, {
        'restoration': {'source': {'hash': plain.hash}}})
    assert detection(Edits(plain, after), 'state') is None


@pytest.mark.parametrize('score, auc', [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], 0.0),
                                        ([1, 1, 1, 1], 0.5), ([1, 3, 2, 4], 0.75)])
def test_roc_auc(score, auc):
    truth = np.array([False, False, True, True])
    assert roc_auc(np.array(score), truth) == pytest.approx(auc)
    assert np.isnan(roc_auc(np.array(score), truth & False))


def test_the_table_of_an_episode(polluted, restored):
    seen = episode_view(restored, 5, polluted)
    heads, lines = seen.table()
    marked = seen.edited['state'] | seen.edited['action']
    assert len(lines) == marked.sum() and len(heads) == len(lines[0]) == 6
    rows = restored.episodes[5].extras['adapt.source_row'][marked]
    assert [line[0] for line in lines] == [str(row) for row in rows]
    assert any('restored from level' in line[2] for line in lines)
    assert seen.dropped == len(polluted.episodes[5]) - len(restored.episodes[5])
    json.dumps(seen.as_dict(), allow_nan=False)


def test_a_plain_dataset_shows_what_is_suspected(polluted):
    seen = episode_view(polluted, 0)
    truth = polluted.episodes[0].extras['adapt.state_polluted']
    assert (seen.suspected['state'] == truth).mean() > 0.9
    assert not seen.restored and seen.dropped is None and len(seen.table()[0]) == 4


def test_wrong_questions_are_refused(clean, polluted, restored):
    with pytest.raises(SettingError, match=r'no episode 99; allowed: 0..39'):
        episode_view(clean, 99)
    with pytest.raises(DatasetError, match='give the right folder'):
        episode_view(restored, 0, clean)
    short = Dataset(polluted.episodes[:3], polluted.contract)
    unnamed = Dataset(restored.episodes, restored.contract, {'restoration': {}})
    with pytest.raises(DatasetError, match='points to rows'):
        Edits(short, unnamed)
