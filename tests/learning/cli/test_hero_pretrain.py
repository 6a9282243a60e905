"""`adapt hero pretrain` as a user has it."""

import json

import pytest
from typer.testing import CliRunner

from adapt_learning.cli.main import app

TINY = [word for one in (
    'pictures.scenes=8', 'pictures.surfaces=0', 'autoencoder.channels=[8, 8, 8]',
    'autoencoder.optimization.steps=1', 'autoencoder.optimization.batch=2',
    'denoiser.channels=[8, 8]', 'denoiser.text_width=16', 'denoiser.optimization.steps=1',
    'denoiser.optimization.batch=2', 'measure.pictures=1', 'measure.steps=1')
    for word in ('--set', one)]


def pretrain(*words):
    return CliRunner().invoke(app, ['hero', 'pretrain', *map(str, words)])


def test_a_model_and_its_facts(tmp_path):
    out, facts = tmp_path / 'model', tmp_path / 'facts.json'
    done = pretrain('--out', out, *TINY, '--json', facts)
    assert done.exit_code == 0, done.output
    assert 'two_green_circles 0.00' in done.stdout
    assert json.loads(facts.read_text())['folder'] == str(out)
    assert {'model_index.json', 'manifest.json', 'card.md'} <= {
        path.name for path in out.iterdir()}
    again = pretrain('--out', out, *TINY)
    assert again.exit_code == 2 and 'never overwritten' in again.output


@pytest.mark.parametrize(('words', 'message'), [
    (['--set', 'pictures.size_px=30'], 'multiple of 8'), (['--set', 'x=1'], 'no setting'),
    (['--resume'], 'no checkpoint')])
def test_bad_input_is_one_sentence(tmp_path, words, message):
    done = pretrain('--out', tmp_path / 'model', *words)
    assert done.exit_code == 2 and message in done.output
    assert not (tmp_path / 'model').exists()
