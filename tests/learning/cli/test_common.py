"""Exit codes and sentences for what goes wrong outside of the program."""

import subprocess
import sys

import pytest
import typer

from adapt_learning.cli.common import WorkFailed, progress, verb
from adapt_learning.errors import DatasetError


@pytest.mark.parametrize('error, code, words', [
    (DatasetError('the file is damaged'), 2, 'the file is damaged'),
    (WorkFailed('it did not succeed'), 1, 'it did not succeed'),
    (OSError(28, 'whatever a library says'), 1, 'No space left on device: make room'),
    (PermissionError(13, 'Permission denied', '/data/x'), 1, '/data/x: Permission denied'),
    (NotADirectoryError(20, 'Not a directory', 'afile/x'), 1, 'afile/x: Not a directory'),
    (FileExistsError(17, 'File exists', 'x'), 1, 'x: File exists'),
    (IsADirectoryError(21, 'Is a directory', 'x'), 1, 'x: Is a directory'),
    (OSError(39, 'Directory not empty', 'x'), 1, 'x: Directory not empty'),
    (OSError(40, 'Too many links', 'x'), 1, 'x: Too many levels of symbolic links'),
    (KeyboardInterrupt(), 130, 'interrupted'),
])
def test_errors_become_a_sentence_and_a_code(capsys, error, code, words):
    @verb
    def command():
        raise error

    with pytest.raises(typer.Exit) as left:
        command()
    assert left.value.exit_code == code
    out, err = capsys.readouterr()
    assert words in err and out == '' and err.count('\n') == 1


@pytest.mark.parametrize('error', [ValueError('a bug'), OSError(22, 'Invalid argument')])
def test_bugs_keep_their_traceback(error):
    @verb
    def command():
        raise error

    with pytest.raises(type(error)):
        command()


def test_a_closed_pipe_is_no_drama(demos):
    script = f'{sys.executable} -m adapt_learning.cli.main data info {demos} | head -c 10'
    done = subprocess.run(['bash', '-c', script], capture_output=True, text=True)
    assert done.stderr == ''


def test_progress_in_a_log_tells_when_it_will_be_done(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr('adapt_learning.cli.common.time.monotonic', lambda: now[0])
    with progress('work', 100) as show:
        for done in range(61, 101):  # an earlier run had done 60
            now[0] += 1.0
            show(done, 'note')
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == 'work: 70 of 100, 10 s, 30 s left note'
    assert lines[-1] == 'work: 100 of 100, 40 s, 0 s left note' and len(lines) == 4
