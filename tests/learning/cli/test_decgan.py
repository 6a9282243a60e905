"""`adapt decgan` as a user has it: train, swap, interpolate, report; and what is refused."""

import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

from adapt_learning.generation.decgan import measures
from adapt_learning.generation.decgan.classifier import ClassifierConfig
from adapt_learning.generation.decgan.probes import ProbeConfig
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.trainers import report_decgan

TINY = [word for one in (
    'network.latent=8', 'network.width=4', 'decomposition.content_code=4',
    *(f'{stage}.optimization.{name}' for stage in ('generator', 'classifier', 'decomposition')
      for name in ('steps=4', 'batch=4'))) for word in ('--set', one)]


@pytest.fixture(scope='module')
def made(adapt_process, tmp_path_factory):
    """Return the folder of an artifact of digits, which nobody had to name."""
    out = tmp_path_factory.mktemp('made') / 'one'
    done = adapt_process('decgan', 'train', '--out', out, *TINY, '--json', out.with_suffix('.json'))
    assert done.returncode == 0, done.stderr
    assert f'{out}: digit of digits by vae_gan' in done.stdout
    told = json.loads(out.with_suffix('.json').read_text())
    assert told['data'] == 'digits' and told['folder'] == str(out)
    return out


def test_swaps_and_interpolations_are_written(adapt, made, tmp_path):
    for verb, options, size in (('swap', ['--count', 3], (222, 222)),
                                ('interpolate', ['--count', 2, '--steps', 3], (222, 114))):
        out = tmp_path / f'{verb}.png'
        done = adapt('decgan', verb, made, '--out', out, *options)
        assert done.returncode == 0, done.stderr
        assert f'written to {out}' in done.stdout.replace('\n', '')
        assert Image.open(out).size == size and np.asarray(Image.open(out)).std() > 0
        again = adapt('decgan', verb, made, '--out', out, *options)
        assert again.returncode == 2 and 'there already' in again.stderr


def test_a_report_is_written_and_shown(adapt, made, tmp_path, monkeypatch):
    monkeypatch.setattr(report_decgan, '_TSNE_POINTS', 40)
    monkeypatch.setattr(report_decgan, '_JUDGING', ClassifierConfig(OptimizationConfig(
        steps=3, batch=4, precision='float32')))
    monkeypatch.setattr(measures, 'MeasureConfig', partial(
        measures.MeasureConfig, 200, probe=ProbeConfig(8, 20)))
    out = tmp_path / 'report'
    done = adapt('decgan', 'report', made, 'digits', '--out', out, '--pairs', 20, '--json',
                 tmp_path / 'told.json')
    assert done.returncode == 0, done.stderr
    assert 'linear discriminant' in done.stdout and 'report: ' in done.stderr
    assert json.loads((tmp_path / 'told.json').read_text()) == json.loads(
        (out / 'report.json').read_text())
    assert (out / 'report.md').is_file()


@pytest.mark.parametrize(('words', 'message'), [
    (('train', 'digit'), 'digits'), (('train', 'mnist'), 'no folder'),
    (('train', '--attribute', 'pose'), 'attributes of digits are digit'),
    (('train', '--preset', 'swaps'), 'preset is one of text, swap'),
    (('train', '--set', 'decomposition.optimization.optimizer=sgd'), 'adamw, adam'),
    (('train', '--set', 'classifier.optimization.keep=best'), 'classifier.optimization.keep'),
    (('train', '--generator', 'nothing'), 'decgan train')])
def test_bad_trainings_are_refused_before_anything_is_written(adapt, tmp_path, words, message):
    done = adapt('decgan', *words, '--out', 'made', cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(('words', 'message'), [
    (('swap', 'ARTIFACT', '--out', 'swaps.jpg'), '.png'),
    (('swap', 'nothing', '--out', 'swaps.png'), 'decgan train'),
    (('swap', 'ARTIFACT', '--out', 'swaps.png', '--count', '4000'), 'pictures'),
    (('interpolate', 'ARTIFACT', '--out', 'rows.png', '--data', 'mnist'), 'no folder'),
    (('report', 'ARTIFACT', 'mnist', '--out', 'report'), 'no folder')])
def test_bad_use_of_an_artifact_is_refused(adapt, made, tmp_path, words, message):
    done = adapt('decgan', *(made if word == 'ARTIFACT' else word for word in words), cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr
    assert not list(tmp_path.iterdir())
