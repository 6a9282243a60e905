"""What the user can mend: exit code 2, one sentence, nothing on standard output or disk."""

import shutil

import pytest


@pytest.mark.parametrize('arguments, said', [
    (('collect', 'fetch_pik', '--episodes', '1', '--out', 'x'), "Did you mean 'fetch_pick'?"),
    (('train', 'dcb', '--task', 'fetch_pick', '--data', 'x', '--out', 'y'), "Did you mean 'dbc'?"),
    (('train', 'dbc', '--task', 'fetch_pick', '--data', 'x', '--out', 'y'), 'x'),
    (('train', 'dbc', '--task', 'fetch_pick', '--data', 'x', '--out', 'y', '--speed', '3'),
     '--speed'),
    (('eval', 'nowhere', '--json', '-'), 'nowhere'),
    (('data', 'info', 'nowhere', '--json', '-'), 'nowhere'),
    (('evaluate',), 'evaluate'),
])
def test_bad_input_is_one_sentence_and_exit_code_2(adapt, tmp_path, arguments, said):
    done = adapt(*arguments, cwd=tmp_path)
    assert done.code == 2, done.stderr
    assert said in done.stderr and done.stdout == ''
    assert list(tmp_path.iterdir()) == []


def test_an_artifact_is_not_overwritten_without_being_asked(life, adapt):
    before = (life.artifact('bc') / 'manifest.json').read_bytes()
    done = adapt('train', 'bc', '--task', 'fetch_pick', '--data', life.data, '--out',
                 life.artifact('bc'))
    assert done.code == 2 and '--overwrite' in done.stderr
    assert (life.artifact('bc') / 'manifest.json').read_bytes() == before


def test_a_flipped_byte_in_an_artifact_is_found(life, adapt, tmp_path):
    broken = shutil.copytree(life.artifact('bc'), tmp_path / 'broken')
    file = broken / 'model.onnx'
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    done = adapt('eval', broken, '--episodes', 1, '--json', '-')
    assert done.code == 2 and 'model.onnx' in done.stderr and done.stdout == ''


def test_help_explains_the_exit_codes(adapt):
    done = adapt('--help')
    assert done.code == 0 and 'Exit codes' in done.stdout
