"""What the user can mend: one sentence, exit code 2, no traceback, nothing written."""

import pytest


def refused(done, *words):
    """Check an input error."""
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert 'Traceback' not in done.stderr and done.stdout == ''
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize('arguments, words', [
    (('colect',), 'colect'),
    (('collect', 'fetch_pick', '--episode', '3', '--out', 'x'), '--episode'),
    (('collect', 'fetch_pick', '--episodes', 'three', '--out', 'x'), 'valid integer'),
    (('collect', 'fetch_pick', '--episodes', '3'), '--out'),
    (('collect', 'fetch_pick', '--episodes', '0', '--out', 'x'), 'at least 1; got 0'),
    (('collect', 'fetch_pick', '--episodes', '3', '--seed', '-1', '--out', 'x'), 'got -1'),
    (('collect', 'fetch_pick', '--episodes', '3', '--jobs', '0', '--out', 'x'), '--jobs'),
    (('collect', 'fetch_pik', '--episodes', '3', '--out', 'x'), "Did you mean 'fetch_pick'?"),
    (('collect', 'fetch_pick', '--episodes', '3', '--noise-level', '9', '--out', 'x'), 'got 9'),
    (('eval', 'nowhere'), 'nowhere'),
    (('data', 'info', 'nowhere'), 'nowhere is not a dataset'),
    (('data', 'report', 'nowhere', '--contract', 'fetch_pik'), 'fetch_pick'),
    (('data', 'info', '.', '--json', 'no/such/folder/x.json'), 'does not exist'),
    (('data', 'info', '.', '--json', '.'), 'is a folder'),
])
def test_mistakes(adapt, tmp_path, arguments, words):
    refused(adapt(*arguments, cwd=tmp_path), words)
    assert list(tmp_path.iterdir()) == []


def test_the_process_says_it_without_traceback(adapt_process, tmp_path):
    refused(adapt_process('collect', 'fetch_pik', '--episodes', 3, '--out', 'x', cwd=tmp_path),
            "adapt: there is no task 'fetch_pik'; allowed: fetch_pick")


def test_a_filled_folder_is_not_touched(adapt, tmp_path):
    (tmp_path / 'x').mkdir()
    (tmp_path / 'x/precious').touch()
    refused(adapt('collect', 'fetch_pick', '--episodes', 1, '--out', 'x', cwd=tmp_path),
            'never overwritten')
    assert [p.name for p in tmp_path.rglob('*')] == ['x', 'precious']


def test_a_truncated_dataset(adapt, tmp_path, demos):
    import shutil
    shutil.copytree(demos, tmp_path / 'demos')
    file = tmp_path / 'demos/data/chunk-000/file-000.parquet'
    file.write_bytes(file.read_bytes()[:500])
    refused(adapt('data', 'info', tmp_path / 'demos'), 'file-000.parquet', 'truncated')
