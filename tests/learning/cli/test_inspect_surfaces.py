"""`adapt inspect surfaces`: folders that can be read, and mistakes in one sentence."""

import json

import pytest

from adapt_learning.inspection.datasets import load_domains
from adapt_learning.surfaces import Surface


def test_folders_of_surfaces(adapt, tmp_path):
    out = tmp_path / 'made'
    done = adapt('inspect', 'surfaces', '--out', out, '--families', 'wood,knit', '--surfaces', 2,
                 '--good', 2, '--defective', 3, '--kinds', 'hole,crack', '--size', 64,
                 '--seed', 5, '--json', tmp_path / 'facts.json')
    assert done.returncode == 0 and '4 surfaces of 2 families' in done.stdout
    domains = load_domains(out)
    assert [d.name for d in domains] == ['knit_5', 'knit_6', 'wood_5', 'wood_6']
    assert all((len(d.train), len(d.test), d.kinds) == (2, 5, ('crack', 'hole'))
               for d in domains)
    picture = domains[0].train[1].picture()
    assert (picture == Surface('knit', 5, 64).good(1)).all()
    facts = json.loads((tmp_path / 'facts.json').read_text())
    assert [s['name'] for s in facts['surfaces']] == ['wood_5', 'wood_6', 'knit_5', 'knit_6']
    assert facts['surfaces'][0]['defective'] == {'hole': 2, 'crack': 1}
    again = adapt('inspect', 'surfaces', '--out', out, '--families', 'wood', '--size', 64)
    assert again.returncode == 2 and 'never overwritten' in again.stderr


@pytest.mark.parametrize('options, words', [
    (('--families', 'woood'), "Did you mean 'wood'?"),
    (('--families', ','), "--families is 'all' or names with commas"),
    (('--kinds', 'scratch,rust'), "there is no defect of surfaces 'rust'"),
    (('--strength', '0.5'), "--strength is two numbers with a comma, as in 0.25,1; got '0.5'"),
    (('--strength', '1,0'), 'the lower end first'),
    (('--size', '8'), 'from 32 to 4096 px; got 8'),
])
def test_mistakes_are_told_and_nothing_is_written(adapt, tmp_path, options, words):
    done = adapt('inspect', 'surfaces', '--out', tmp_path / 'made', *options)
    assert done.returncode == 2 and words in ' '.join(done.stderr.split())
    assert not (tmp_path / 'made').exists()
