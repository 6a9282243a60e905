"""`adapt data report --html` and `adapt data view`."""

import json

import numpy as np

from adapt_learning.data import load_dataset, save_dataset
from adapt_learning.data.pollution import corrupt
from adapt_learning.restoration.lineage import SideOutcome, derive


def polluted(folder, demos):
    dataset = corrupt(load_dataset(demos), 'gaussian', 0.2, 1.0, 0, ('state', 'action'))
    save_dataset(folder, dataset)
    return dataset


def restored(folder, demos, dirty):
    truth = [np.concatenate([e.extras[f'adapt.{side}_polluted'] for e in dirty])
             for side in ('state', 'action')]
    sides = [SideOutcome(values, mask.astype(float), mask, mask, np.where(mask, 40, -1))
             for values, mask in zip(load_dataset(demos).pairs(), truth, strict=True)]
    made = derive(dirty, *sides, ~(truth[0] & truth[1]),
                  {'source': {'name': 'dirty', 'hash': dirty.hash}})
    save_dataset(folder, made)
    return made


def test_the_page_the_json_and_the_screen_agree(adapt, demos, tmp_path):
    polluted(tmp_path / 'dirty', demos)
    done = adapt('data', 'report', tmp_path / 'dirty', '--html', tmp_path / 'r.html',
                 '--json', tmp_path / 'r.json')
    assert done.returncode == 0
    result = json.loads((tmp_path / 'r.json').read_text())
    assert result['schema'] == 'adapt.quality/1' and result['verdict'] == 'bad'
    assert result['advice'] and all(line in done.stdout for line in result['advice'])
    page = (tmp_path / 'r.html').read_text()
    assert result['summary'] in page and result['hash'] in page
    rows = [f['rows'] for f in result['episodes'][0]['findings'] if f['check'] == 'states']
    assert rows[0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ['dirty', 'r.html', 'r.json']


def test_the_view_before_and_after(adapt, demos, tmp_path):
    dirty = polluted(tmp_path / 'dirty', demos)
    made = restored(tmp_path / 'new', demos, dirty)
    for name in ('v.html', 'v.png'):
        done = adapt('data', 'view', tmp_path / 'new', '--episode', 1, '--before',
                     tmp_path / 'dirty', '--out', tmp_path / name, '--json', tmp_path / 'v.json')
        assert done.returncode == 0 and (tmp_path / name).stat().st_size > 5000
    seen = json.loads((tmp_path / 'v.json').read_text())
    assert seen['dropped'] == len(dirty.episodes[1]) - len(made.episodes[1])
    assert len(seen['state_edited']) == made.episodes[1].extras['adapt.state_edited'].sum()
    assert 'restored from level 40' in done.stdout and 'were restored' in done.stdout


def test_the_view_of_a_plain_dataset(adapt, demos):
    done = adapt('data', 'view', demos, '--episode', 2)
    assert done.returncode == 0
    assert '0 states and 0 actions of 30 do not fit' in done.stdout


def test_what_cannot_be_done_is_said_first(adapt, demos, tmp_path):
    for arguments, words in (
            (('report', demos, '--html', tmp_path / 'no' / 'r.html'), 'does not exist'),
            (('report', demos, '--html', tmp_path), 'is a folder'),
            (('view', demos, '--episode', 2, '--out', tmp_path / 'v.pdf'), '.png or .html'),
            (('view', demos, '--episode', 77), 'no episode 77; allowed: 0..5'),
            (('view', demos, '--episode', 1, '--before', demos), 'no lineage')):
        done = adapt('data', *arguments)
        assert done.returncode == 2 and words in done.stderr
    assert not list(tmp_path.iterdir())
