"""The trainer: a pipeline that diffusers loads as it is, which can be interrupted."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline, StableDiffusionPipeline

from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.generation.small.autoencoder import AutoencoderConfig
from adapt_learning.generation.small.config import MeasureConfig
from adapt_learning.generation.small.denoiser import DenoiserConfig
from adapt_learning.generation.small.pipeline import generate, load_pipeline
from adapt_learning.stacked.loop import TrainingInterrupted
from adapt_learning.trainers import run_folder
from adapt_learning.trainers.train_small_diffusion import (
    SmallDiffusionRequest,
    train_small_diffusion,
)

TINY = ('pictures.scenes=12', 'pictures.surfaces=2', 'autoencoder.channels=[8, 8, 8]',
        'autoencoder.optimization.steps=3', 'autoencoder.optimization.batch=2',
        'denoiser.channels=[8, 8]', 'denoiser.text_width=16', 'denoiser.text_layers=1',
        'denoiser.optimization.steps=3', 'denoiser.optimization.batch=2',
        'measure.pictures=2', 'measure.steps=2')


@pytest.fixture(autouse=True, scope='module')
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp('small') / 'model'
    return out, train_small_diffusion(SmallDiffusionRequest(out, TINY))


def test_diffusers_loads_what_is_written(made):
    out, _ = made
    for kind in (StableDiffusionPipeline, DiffusionPipeline):
        pipeline = kind.from_pretrained(out)
        assert isinstance(pipeline, StableDiffusionPipeline)
        assert {getattr(pipeline, part).dtype for part in ('unet', 'vae', 'text_encoder')} == {
            torch.float32}
    assert not [path for path in out.rglob('*') if path.suffix in ('.bin', '.pt', '.ckpt')]
    picture, = pipeline('a zebra', num_inference_steps=2, output_type='np').images
    assert picture.shape == (32, 32, 3)


def test_manifest_and_card_say_how_it_was_made(made):
    out, manifest = made
    assert json.loads((out / 'manifest.json').read_text()) == manifest
    assert manifest['command'].startswith('adapt hero pretrain --out model --seed 0 --set ')
    assert {'unet/diffusion_pytorch_model.safetensors', 'tokenizer/vocab.json'} <= set(
        manifest['hashes'])
    assert all(found['episodes'] == 2 for found in manifest['success'].values())
    card = (out / 'card.md').read_text()
    assert all(found['prompt'] in card for found in manifest['success'].values())
    assert 'weights' in card and manifest['command'] in card


def test_the_same_noise_gives_the_same_pictures(made):
    pipeline, config = load_pipeline(made[0]), MeasureConfig(steps=2)
    first, again, other = (generate(pipeline, 'a red circle', 3, seed, config)
                           for seed in (1, 1, 2))
    assert first.shape == (3, 32, 32, 3) and first.dtype == np.uint8
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize('last', [4, 5])
def test_an_interrupted_training_goes_on_to_the_same_weights(made, tmp_path, monkeypatch, last):
    """The third update ends the first stage; 4 lies in the second, 5 after its first report."""
    class Switch:
        def __enter__(self):
            return lambda: Switch.done >= last

        def __exit__(self, *_):
            return None

    Switch.done = 0

    def counted(update):
        def one_more(self):
            Switch.done += 1
            return update(self)
        return one_more

    for training in ('AutoencoderTraining', 'DenoiserTraining'):
        import adapt_learning.trainers.train_small_diffusion as trainer
        kind = getattr(trainer, training)
        monkeypatch.setattr(kind, 'update', counted(kind.update))
    monkeypatch.setattr(run_folder, 'stop_switch', Switch)
    monkeypatch.setattr(run_folder, '_TELL_EVERY', 1)
    out = tmp_path / 'model'
    with pytest.raises(TrainingInterrupted, match='--resume'):
        train_small_diffusion(SmallDiffusionRequest(out, TINY))
    assert not out.exists()
    Switch.done = -100
    again = train_small_diffusion(SmallDiffusionRequest(out, TINY, resume=True))
    assert again['hashes'] == made[1]['hashes'] and again['success'] == made[1]['success']


def test_what_is_there_is_never_overwritten(made):
    with pytest.raises(DatasetError, match='never overwritten'):
        train_small_diffusion(SmallDiffusionRequest(made[0], TINY))


@pytest.mark.parametrize(('setting', 'rule'), [
    ('pictures.size_px=36', 'multiple of 8'), ('denoiser.channels=[12, 8]', 'multiple of 8'),
    ('autoencoder.channels=[8, 8]', 'three numbers'), ('measure.eta=2', 'eta'),
    ('denoiser.colour=red', 'no setting')])
def test_wrong_settings_are_one_sentence(tmp_path, setting, rule):
    with pytest.raises(SettingError, match=rule):
        train_small_diffusion(SmallDiffusionRequest(tmp_path / 'model', (setting,)))
    assert not (tmp_path / 'model').exists() and not (tmp_path / 'model.run').exists()


@pytest.mark.parametrize(('config', 'wrong'), [
    (AutoencoderConfig(), {'kl_weight': -1}), (DenoiserConfig(), {'tokens': 2}),
    (DenoiserConfig(), {'caption_dropout': 1.0}), (DenoiserConfig(), {'text_width': 30}),
    (MeasureConfig(), {'guidance': 0.5}), (MeasureConfig(), {'steps': 0})])
def test_each_config_says_what_is_allowed(config, wrong):
    with pytest.raises(SettingError, match='got'):
        replace(config, **wrong)


def test_the_seed_is_checked(tmp_path):
    with pytest.raises(SettingError, match='seed'):
        SmallDiffusionRequest(tmp_path / 'model', seed=-1)
