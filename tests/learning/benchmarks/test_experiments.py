"""Files of experiments: what is wrong is said, nothing runs before it is right."""

import pytest

from adapt_learning.benchmarks.experiments import read_experiments
from adapt_learning.errors import SettingError

GOOD = """
title: a try
conclusion: none yet
defaults: {episodes: 7}
groups:
  few: {defaults: {demonstrations: 9}, rows: [{name: a, policy: bc}, {name: b, policy: dbc,
        set: [lambda_dm=1.0], levels: [2.0], seeds: [4]}]}
"""


def read(tmp_path, text):
    file = tmp_path / 'try.yaml'
    file.write_text(text)
    return read_experiments(file)


def test_rows_take_the_defaults_of_file_and_group(tmp_path):
    table = read(tmp_path, GOOD)
    first, second = table.rows
    assert (first.episodes, first.demonstrations, first.group) == (7, 9, 'few')
    assert [job.noise_level for job in table.jobs()] == [1.25, 1.75, 2.0]
    assert [job.noise_level for job in table.jobs('b')] == [2.0]
    assert second.training.overrides == ('lambda_dm=1.0',) and second.training.seeds == (4,)
    assert second.training.command == (
        'adapt train dbc --task fetch_pick --data DATA --out OUT --seeds 4 --preset cpu '
        '--set lambda_dm=1.0')
    assert second.training.cost > first.training.cost / 3


@pytest.mark.parametrize(('change', 'says'), [
    (('name: b', 'name: a'), 'twice: a'),
    (('name: b', "name: '../b'"), 'letters, digits'),
    (('policy: bc', 'polizy: bc'), "Did you mean 'policy'"),
    (('groups:', 'gruppen:'), 'groups'),
    (('episodes: 7', 'episodes: many'), 'episodes'),
    (('title:', 'title: ['), 'no YAML: .*line 3'),
])
def test_mistakes_are_said(tmp_path, change, says):
    with pytest.raises(SettingError, match='(?s)' + says):
        read(tmp_path, GOOD.replace(*change))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SettingError, match='cannot be read'):
        read_experiments(tmp_path / 'none.yaml')
