"""`adapt data`: tables for people, pure JSON for machines."""

import json
import shutil

import numpy as np

from adapt_learning.data import Dataset, load_dataset, save_dataset


def test_info_for_people(adapt, demos):
    done = adapt('data', 'info', demos)
    assert done.returncode == 0 and done.stderr == ''
    for word in ('fetch_pick', '6 succeeded', 'gripper_position.x', 'a test'):
        assert word in done.stdout


def test_json_on_stdout_is_pure(adapt_process, demos):
    done = adapt_process('data', 'info', demos, '--json', '-')
    facts = json.loads(done.stdout)
    assert facts['episodes'] == 6 and facts['hash'] == load_dataset(demos).hash
    assert len(facts['observation']) == 16 and facts['observation'][0]['name'].endswith('.x')
    assert 'fetch_pick' in done.stderr  # the table is still there for people


def test_json_file(adapt, demos, tmp_path):
    assert adapt('data', 'report', demos, '--json', tmp_path / 'r.json').returncode == 0
    result = json.loads((tmp_path / 'r.json').read_text())
    assert result['verdicts'] == {'ok': 6, 'look': 0, 'bad': 0}
    assert [p.name for p in tmp_path.iterdir()] == ['r.json']


def test_report_shows_what_is_wrong_nan_included(adapt, demos, tmp_path):
    good = load_dataset(demos)
    from dataclasses import replace
    first = good.episodes[0]
    observation = np.array(first.observation)
    observation[3, 0] = np.nan
    episodes = (replace(first, observation=observation), good.episodes[1],
                good.episodes[1], replace(good.episodes[2], success=False), *good.episodes[3:])
    save_dataset(tmp_path / 'odd', Dataset(episodes, good.contract))
    done = adapt('data', 'report', tmp_path / 'odd')
    assert done.returncode == 0
    for words in ('1 values are NaN', 'the same as episode 1', 'the task was not done',
                  '4 ok, 0 to look at, 3 bad of 7 episodes'):
        assert words in done.stdout
    assert '1 of' in adapt('data', 'info', tmp_path / 'odd').stdout
    shutil.rmtree(tmp_path / 'odd')


def test_square_brackets_and_colons_are_printed_as_they_are(adapt, demos, tmp_path):
    """Rich would take [/x] for the end of a style and :smile: for a picture."""
    odd = tmp_path / 'a [/x] [red]b :smile:'
    good = load_dataset(demos)
    from dataclasses import replace
    save_dataset(odd, replace(good, meta={'command': 'made [/by] :ok:'}, episodes=tuple(
        replace(episode, task='pick [/it] :up:') for episode in good)))
    new = tmp_path / 'c[/y]'
    for arguments, words in (
            (('info', odd), ('[/x]', ':smile:', 'pick [/it] :up:', 'made [/by] :ok:')),
            (('report', odd, '--all'), ('[red]b', ':smile:')),
            (('view', odd, '--episode', 0), ()),
            (('corrupt', odd, '--kind', 'spike', '--out', new), ('c[/y]',)),
            (('view', new, '--episode', 0), ('c[/y]',))):
        done = adapt('data', *arguments)
        assert done.returncode == 0
        assert all(word in done.stdout for word in words), done.stdout


def test_progress_shows_brackets_in_a_terminal(monkeypatch, capsys):
    from adapt_learning.cli import common
    monkeypatch.setattr(common.sys.stderr, 'isatty', lambda: True, raising=False)
    with common.progress('collect [/x]', 2) as show:
        show(1, 'note [/y]')
