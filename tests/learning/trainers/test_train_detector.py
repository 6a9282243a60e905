"""From surfaces to a detector, by the functions behind the command line; interrupted, too."""

import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.torch
import torch

from adapt_learning.detectors.adapt_small import AdaptSmall
from adapt_learning.errors import CatalogError, DatasetError, SettingError
from adapt_learning.inspection import Inspector
from adapt_learning.stacked.checkpoint import load_checkpoint
from adapt_learning.stacked.loop import TrainingDiverged, TrainingInterrupted
from adapt_learning.stacked.training import Training
from adapt_learning.surfaces import Surface, write_surface
from adapt_learning.trainers import run_folder
from adapt_learning.trainers import train_detector as trainer
from adapt_learning.trainers.train_detector import DetectorRequest, train_detector

SMALL = ('detector.comparer.width=8', 'detector.comparer.layers=1', 'detector.comparer.latent=4',
         'detector.comparer.hidden=8', 'training.queries=4', 'training.references=2',
         'training.reference_patches=16', 'training.ranking_pairs=8')


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'weights.safetensors'
    torch.manual_seed(0)
    safetensors.torch.save_file({name: x for name, x in AdaptSmall().state_dict().items()
                                 if name not in ('mean', 'std')}, path)
    return path


@pytest.fixture(scope='module')
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp('sources')
    for seed in range(2):
        write_surface(Surface('leather', seed, 64), folder / f'leather_{seed}', 3, 2, 3)
    return folder


def request(weights, sources, out, steps=40, **changes):
    values = {'detector': 'fused', 'backbone': 'adapt_small', 'weights': weights,
              'sources': (sources,) if sources else (), 'surfaces': 0, 'input_px': 64,
              'overrides': (*SMALL, f'training.optimization.steps={steps}'), **changes}
    return DetectorRequest(out=out, **values)


@pytest.fixture
def not_exported(monkeypatch):
    """Let a training end with the hash of what was learnt: an export takes as long as ten."""
    def export(detector, out, name, kind, more):
        learnt = detector.learner().learning().state_dict()
        found = hashlib.sha256(b''.join(x.numpy().tobytes() for x in learnt.values()))
        return SimpleNamespace(hash=found.hexdigest())
    monkeypatch.setattr(trainer, 'export_detector', export)


def test_a_detector_is_trained_written_and_opened(weights, sources, tmp_path):
    done = train_detector(request(weights, sources, tmp_path / 'one'))
    inspector = Inspector(tmp_path / 'one')
    manifest = json.loads((tmp_path / 'one/manifest.json').read_text())
    assert done['hash'] == inspector.hash
    assert manifest['sources'] == ['leather_0', 'leather_1'] and manifest['families'] == []
    assert '--sources leather_0 --sources leather_1' in manifest['command']
    assert str(tmp_path) not in json.dumps(manifest)
    picture = np.full((64, 64, 3), 90, np.uint8)
    assert inspector.judge(picture, inspector.bank([picture])).score > 0
    lines = (tmp_path / 'one.run/log.jsonl').read_text().splitlines()
    assert [json.loads(line)['step'] for line in lines] == [20, 40]
    assert load_checkpoint(tmp_path / 'one.run') is None


def test_the_target_is_left_out_of_the_sources(weights, sources, tmp_path, not_exported):
    done = train_detector(request(weights, sources, tmp_path / 'one', steps=1,
                                  target=sources / 'leather_1'))
    assert done['sources'] == ['leather_0']


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(
        weights, sources, tmp_path, monkeypatch, not_exported):
    whole = train_detector(request(weights, sources, tmp_path / 'whole'))
    update, asked = Training.update, []

    def stop_at_twenty(self):
        parts = update(self)
        asked.extend([1] if self.step == 20 else [])
        return parts
    monkeypatch.setattr(Training, 'update', stop_at_twenty)

    class Switch:
        def __enter__(self):
            return lambda: bool(asked)

        def __exit__(self, *args):
            asked.clear()
    monkeypatch.setattr(run_folder, 'stop_switch', Switch)
    with pytest.raises(TrainingInterrupted, match='after 20 of 40 updates.*--resume'):
        train_detector(request(weights, sources, tmp_path / 'parts'))
    assert not (tmp_path / 'parts').exists()
    with pytest.raises(SettingError, match='unfinished run'):
        train_detector(request(weights, sources, tmp_path / 'parts'))
    with pytest.raises(SettingError, match='other settings'):
        train_detector(request(weights, sources, tmp_path / 'parts', seed=1, resume=True))
    monkeypatch.setattr(Training, 'update', update)
    parts = train_detector(request(weights, sources, tmp_path / 'parts', resume=True))
    assert parts['hash'] == whole['hash'] and parts['last_losses'] == whole['last_losses']


def test_a_loss_that_is_no_number_ends_the_training_with_advice(
        weights, sources, tmp_path, monkeypatch):
    monkeypatch.setattr(Training, 'update', lambda self: {'classification': float('nan')})
    with pytest.raises(TrainingDiverged, match='learning_rate'):
        train_detector(request(weights, sources, tmp_path / 'one'))


def test_nearest_patch_learns_nothing(weights, sources, tmp_path):
    done = train_detector(DetectorRequest(
        'nearest_patch', 'adapt_small', tmp_path / 'one', weights, input_px=64))
    assert 'sources' not in done and not (tmp_path / 'one.run').exists()


def test_bad_requests_are_refused_before_anything_is_written(weights, sources, tmp_path):
    (tmp_path / 'taken').mkdir()
    (tmp_path / 'taken/file').write_text('mine')
    cases = [
        (request(weights, sources, tmp_path / 'taken'), DatasetError, 'there already'),
        (request(weights, sources, tmp_path / 'a', detector='fuse'), CatalogError, "'fused'"),
        (request(weights, sources, tmp_path / 'a', backbone='resnet'), CatalogError, 'resnet18'),
        (request(weights, sources, tmp_path / 'a', overrides=('neck=3',)), SettingError,
         'detector'),
        (request(weights, tmp_path, tmp_path / 'a'), DatasetError, 'no surface'),
        (request(weights, None, tmp_path / 'a'), SettingError, 'at least one'),
    ]
    for wrong, error, words in cases:
        with pytest.raises(error, match=words):
            train_detector(wrong)
    with pytest.raises(SettingError, match='not negative'):
        request(weights, sources, tmp_path / 'a', surfaces=-1)
