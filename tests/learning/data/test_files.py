"""Files and folders: whole or not there, and written by one process at a time."""

import subprocess
import sys

import pytest

from adapt_learning.data.files import (
    empty_folder,
    own_folder,
    read_json,
    write_atomically,
    write_json,
)
from adapt_learning.errors import DatasetError


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / 'x.json'
    write_json(path, {'a': 1})
    with pytest.raises(ValueError, match='nan|Out of range'):
        write_json(path, {'a': float('nan')})

    def half(temporary):
        temporary.write_text('{"a":')
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, half)
    assert read_json(path) == {'a': 1} and [p.name for p in tmp_path.iterdir()] == ['x.json']


@pytest.mark.parametrize('text, words', [('{"a":', 'truncated'), ('[1]', 'not a JSON object')])
def test_bad_json_is_said(tmp_path, text, words):
    (tmp_path / 'x.json').write_text(text)
    with pytest.raises(DatasetError, match=words):
        read_json(tmp_path / 'x.json')
    with pytest.raises(DatasetError, match='No such file'):
        read_json(tmp_path / 'y.json')


def test_one_writer_at_a_time_and_a_killed_one_does_not_count(tmp_path):
    code = ('import os, sys, pathlib\nfrom adapt_learning.data.files import own_folder\n'
            'with own_folder(pathlib.Path(sys.argv[1])):\n'
            '    print("mine", flush=True)\n    sys.stdin.read()\n')
    other = subprocess.Popen([sys.executable, '-c', code, str(tmp_path / 'x')],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == 'mine\n'
    with (pytest.raises(DatasetError, match='another process'), own_folder(tmp_path / 'x')):
        pytest.fail('two writers')
    other.kill()
    other.communicate()
    with own_folder(tmp_path / 'x'):
        (tmp_path / 'x/sub').mkdir()
        (tmp_path / 'x/sub/file').touch()
        empty_folder(tmp_path / 'x')
    assert list((tmp_path / 'x').iterdir()) == []
