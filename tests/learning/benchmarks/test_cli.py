"""`adapt bench`: what is wrong is said before anything runs."""

import pytest
from typer.testing import CliRunner

from adapt_learning.cli.main import app


@pytest.mark.parametrize(('arguments', 'says'), [
    (('table-3.3', '--preset', 'gpu'), 'cpu, paper'),
    (('table-3.3', '--expert', 'me'), 'smooth, staged'),
    (('table-3.3', '--seeds', '0,zero'), 'whole numbers'),
    (('table-3.3', '--seeds', '1,1'), 'different'),
    (('experiments', 'none.yaml'), 'cannot be read'),
])
def test_bad_input(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('COLUMNS', '200')
    done = CliRunner().invoke(app, ['bench', *arguments])
    assert done.exit_code == 2 and says in done.stderr
    assert list(tmp_path.iterdir()) == []
