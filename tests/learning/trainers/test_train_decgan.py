"""dec-GAN by the functions behind the command line: stages, another attribute, interruption."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from adapt_learning.errors import ArtifactError, CatalogError, DatasetError, SettingError
from adapt_learning.generation.decgan.classifier import ClassifierConfig
from adapt_learning.generation.decgan.measures import MeasureConfig
from adapt_learning.generation.decgan.probes import ProbeConfig
from adapt_learning.generation.decgan.saved import load_decgan
from adapt_learning.stacked.checkpoint import load_checkpoint
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.loop import TrainingInterrupted
from adapt_learning.stacked.training import Training
from adapt_learning.trainers import report_decgan as reporter
from adapt_learning.trainers import run_folder, train_decgan
from adapt_learning.trainers.decgan_pictures import write_interpolation, write_swaps
from adapt_learning.trainers.train_decgan import STAGES, DecGanRequest

TINY = ('network.latent=8', 'network.width=4', 'decomposition.content_code=4',
        *(f'{stage}.optimization.{name}' for stage in STAGES for name in ('steps=20', 'batch=4')))


def request(out, **changes):
    return DecGanRequest('digits', out, overrides=changes.pop('overrides', TINY), **changes)


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Return the folder of an artifact that knows next to nothing."""
    folder = tmp_path_factory.mktemp('made') / 'one'
    train_decgan.train_decgan(request(folder))
    return folder


def test_an_artifact_is_written_and_opened(made):
    found = load_decgan(made)
    manifest = found.manifest
    assert manifest['attribute'] == 'digit' and manifest['side'] == 16
    assert manifest['command'].startswith('adapt decgan train digits --out one --attribute digit')
    assert str(made.parent) not in json.dumps(manifest)
    assert {'generator.pixels', 'classifier.cross_entropy', 'decomposition.guide'} <= set(
        manifest['last_losses'])
    assert not any(load_checkpoint(made.with_name('one.run') / stage) for stage in STAGES)
    assert 'adapt decgan train' in (made / 'card.md').read_text()


def test_a_generator_that_is_given_is_taken_as_it_is(made, tmp_path):
    stages = tuple(one for one in TINY if not one.startswith(('network', 'generator')))
    done = train_decgan.train_decgan(request(tmp_path / 'two', generator=made, overrides=stages,
                                             seed=1))
    one, two = load_decgan(made), load_decgan(tmp_path / 'two')
    assert done['seconds'].keys() == {'classifier', 'decomposition'}
    assert '--generator one' in two.manifest['command']
    for name, x in one.backbone.state_dict().items():
        assert torch.equal(x, two.backbone.state_dict()[name])
    assert not torch.equal(one.classifier.head.weight, two.classifier.head.weight)


def test_an_interrupted_training_goes_on_in_its_stage(made, tmp_path, monkeypatch):
    update, asked, steps = Training.update, [], []

    def stop_in_the_second_stage(self):
        parts = update(self)
        steps.append(1)
        asked.extend([1] if len(steps) == 40 else [])
        return parts

    class Switch:
        def __enter__(self):
            return lambda: bool(asked)

        def __exit__(self, *args):
            asked.clear()
    longer = (*TINY, 'classifier.optimization.steps=40')
    monkeypatch.setattr(Training, 'update', stop_in_the_second_stage)
    monkeypatch.setattr(run_folder, 'stop_switch', Switch)
    with pytest.raises(TrainingInterrupted, match='after 20 of 40'):
        train_decgan.train_decgan(request(tmp_path / 'a', overrides=longer))
    assert not (tmp_path / 'a').exists()
    with pytest.raises(SettingError, match='unfinished run'):
        train_decgan.train_decgan(request(tmp_path / 'a', overrides=longer))
    with pytest.raises(SettingError, match='other settings'):
        train_decgan.train_decgan(request(tmp_path / 'a', overrides=longer, seed=1, resume=True))
    steps.clear()
    parts = train_decgan.train_decgan(request(tmp_path / 'a', overrides=longer, resume=True))
    assert len(steps) == 20 + 20  # nothing of the generator, half of the classifier
    steps.extend([1] * 100)
    whole = train_decgan.train_decgan(request(tmp_path / 'b', overrides=longer))
    assert parts['hashes'] == whole['hashes']


def test_bad_requests_are_refused_before_anything_is_written(made, tmp_path):
    (tmp_path / 'taken').mkdir()
    (tmp_path / 'taken/file').write_text('mine')
    out = tmp_path / 'out'
    cases = [
        (request(tmp_path / 'taken'), DatasetError, 'there already'),
        (request(out, attribute='pose'), SettingError, 'attributes of digits are digit'),
        (request(out, backbone='vaegan'), CatalogError, "'vae_gan'"),
        (request(out, overrides=('decomposition.swap=1',)), SettingError, 'swap_weight'),
        (request(out, overrides=('decomposition.optimization.ema_decay=0.9',)), SettingError,
         'no average: decomposition.optimization.ema_decay'),
        (DecGanRequest('mnist', out), SettingError, 'no folder'),
        (DecGanRequest('digits', out, generator=tmp_path), ArtifactError, 'decgan train'),
        (DecGanRequest('digits', out, resume=True), SettingError, 'no checkpoint'),
    ]
    for wrong, error, words in cases:
        with pytest.raises(error, match=words):
            train_decgan.train_decgan(wrong)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['taken']
    with pytest.raises(SettingError, match='brings its backbone'):
        request(out, generator=made, backbone='res_gan', overrides=())
    with pytest.raises(SettingError, match='not trained'):
        request(out, generator=made)


def test_the_optimiser_that_is_asked_for_is_the_one_that_learns(made, tmp_path):
    done = train_decgan.train_decgan(request(tmp_path / 'adam', overrides=(
        *TINY, 'classifier.optimization.optimizer=adam')))
    assert done['config']['classifier']['optimization']['optimizer'] == 'adam'
    first, second = load_decgan(made), load_decgan(tmp_path / 'adam')
    for name, x in first.backbone.state_dict().items():
        assert torch.equal(x, second.backbone.state_dict()[name])
    assert not torch.equal(first.classifier.head.weight, second.classifier.head.weight)


def test_an_old_artifact_with_settings_that_are_refused_now_is_opened(made, tmp_path):
    copy = shutil.copytree(made, tmp_path / 'old')
    manifest = json.loads((copy / 'manifest.json').read_text())
    assert manifest['config']['decomposition']['optimization']['ema_decay'] == 0.999
    manifest['config']['decomposition']['optimization']['keep'] = 'best'
    (copy / 'manifest.json').write_text(json.dumps(manifest))
    assert load_decgan(copy).split is not None


def test_damaged_artifacts_are_refused(made, tmp_path):
    copy = tmp_path / 'copy'
    copy.mkdir()
    for path in made.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / 'weights.safetensors').write_bytes(b'0' * 100)
    with pytest.raises(ArtifactError, match='missing or damaged'):
        load_decgan(copy)
    (copy / 'manifest.json').write_text('{"kind": "backbone"}')
    with pytest.raises(ArtifactError, match="a 'backbone'"):
        load_decgan(copy)


def test_swaps_and_interpolations_are_drawn(made, tmp_path):
    write_swaps(made, tmp_path / 'swaps.png', None, 4, 0)
    write_interpolation(made, tmp_path / 'between.png', 'digits', 3, 5, 0)
    assert np.asarray(Image.open(tmp_path / 'swaps.png')).shape == (276, 276, 3)
    assert np.asarray(Image.open(tmp_path / 'between.png')).shape == (168, 330, 3)
    with pytest.raises(DatasetError, match='there already'):
        write_swaps(made, tmp_path / 'swaps.png', None, 4, 0)
    with pytest.raises(SettingError, match='360|359'):
        write_swaps(made, tmp_path / 'more.png', None, 4000, 0)


def test_a_report_has_a_row_per_split_and_its_pictures(made, tmp_path, monkeypatch):
    monkeypatch.setattr(reporter, '_TSNE_POINTS', 60)
    config = MeasureConfig(200, 40, ProbeConfig(8, 20))
    judging = ClassifierConfig(OptimizationConfig(steps=5, batch=4, precision='float32'))
    done = reporter.report_decgan(made, 'digits', tmp_path / 'report', config, judging=judging)
    assert list(done['rows']) == [
        'dec-GAN', 'moments of classes', 'linear discriminant', 'no split']
    assert done['rows']['no split']['probe_digit_z'] == done['rows']['no split']['probe_digit_z_a']
    assert json.loads((tmp_path / 'report/report.json').read_text()) == done
    page = (tmp_path / 'report/report.md').read_text()
    assert '| dec-GAN |' in page and 'swaps.png' in page
    assert {path.name for path in (tmp_path / 'report').iterdir()} == {
        'report.json', 'report.md', 'swaps.png', 'interpolation.png', 'tsne.png'}
    with pytest.raises(DatasetError, match='there already'):
        reporter.report_decgan(made, 'digits', tmp_path / 'report', config)
