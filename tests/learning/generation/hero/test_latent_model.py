"""Pipelines that fit are read, the others are refused with what to do."""

import json
import shutil

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from tiny_pipeline import as_saved_by_others, tiny_pipeline

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.latent_model import load_model
from adapt_learning.generation.hero.lora import LoraConfig, add_lora, without_lora
from adapt_learning.generation.hero.sampling import SamplingConfig, sample


@pytest.fixture
def model(pipeline):
    """Return the tiny pipeline, loaded."""
    return load_model(pipeline)


@pytest.fixture
def copied(pipeline, tmp_path):
    """Return a copy of the pipeline that a test may spoil."""
    return shutil.copytree(pipeline, tmp_path / 'copy')


def test_pictures_are_those_of_the_pipeline_itself(model, pipeline):
    """Without noise on the way (almost) our sampling is that of diffusers' own pipeline."""
    noises = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    ours = sample(model, model.encode('a red circle'), noises,
                  SamplingConfig(steps=5, eta=1e-6, guidance=3.0), torch.Generator())
    theirs = StableDiffusionPipeline.from_pretrained(pipeline, safety_checker=None)
    theirs.set_progress_bar_config(disable=True)
    expected = theirs('a red circle', num_inference_steps=5, guidance_scale=3.0, latents=noises,
                      num_images_per_prompt=2, output_type='np').images
    got = model.decode(ours.final)
    assert got.shape == (2, 16, 16, 3)
    assert np.abs(got / 255 - expected).max() < 0.02


def test_batches_of_any_size_make_the_same_trajectories(model):
    noises = torch.randn(5, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    one, all_ = (sample(model, model.encode('a red circle'), noises,
                        SamplingConfig(steps=4, at_once=size), torch.Generator().manual_seed(1))
                 for size in (1, 5))
    torch.testing.assert_close(one.latents, all_.latents, rtol=1e-4, atol=1e-4)
    assert one.latents.shape == (5, 5, 4, 8, 8) and one.log_probabilities.shape == (5, 4)


def test_lora_changes_nothing_at_first_and_can_be_left_out(model):
    noises = torch.randn(1, 4, 8, 8)
    prompt = model.encode('a red circle')
    before = model.predict(noises, torch.tensor([10]), prompt, 2.0)
    weights = add_lora(model, LoraConfig(), 0)
    torch.testing.assert_close(model.predict(noises, torch.tensor([10]), prompt, 2.0), before)
    with torch.no_grad():
        for x in weights:
            x += 0.1
    assert not torch.allclose(model.predict(noises, torch.tensor([10]), prompt, 2.0), before)
    with without_lora(model):
        torch.testing.assert_close(model.predict(noises, torch.tensor([10]), prompt, 2.0), before)


def test_layers_that_are_not_there_are_refused(model):
    with pytest.raises(SettingError, match='no layers whose names end with to_x'):
        add_lora(model, LoraConfig(layers=('to_x',)), 0)


def test_long_and_empty_prompts_are_refused_with_numbers(model):
    model.encode(' '.join(['red'] * 14))
    with pytest.raises(SettingError, match='at most 14 tokens .* got 15'):
        model.encode(' '.join(['red'] * 15))
    with pytest.raises(SettingError, match='10000 characters'):
        model.encode('x' * 10_000)
    with pytest.raises(SettingError, match='empty'):
        model.encode('  ')


@pytest.mark.parametrize('part', ['vae', 'tokenizer', 'unet', 'text_encoder', 'scheduler'])
def test_a_missing_part_is_named(copied, part):
    shutil.rmtree(copied / part)
    with pytest.raises(SettingError, match=f'not complete: {part} missing'):
        load_model(copied)


def test_a_part_of_another_architecture_is_named(copied):
    index = json.loads((copied / 'model_index.json').read_text())
    index['text_encoder_2'] = ['transformers', 'CLIPTextModelWithProjection']
    (copied / 'model_index.json').write_text(json.dumps(index))
    with pytest.raises(SettingError, match='not known here: text_encoder_2'):
        load_model(copied)


def test_a_pipeline_as_others_save_it_is_sampled_by_ddim(model, copied):
    """Stable Diffusion v1.5 has a PNDM scheduler, and null where a checker was left out."""
    other = load_model(as_saved_by_others(copied))
    assert type(other.pipeline.scheduler).__name__ == 'PNDMScheduler'
    assert type(other.scheduler).__name__ == 'DDIMScheduler'
    noises = torch.randn(2, *other.shape, generator=torch.Generator().manual_seed(0))
    ours, theirs = (sample(one, one.encode('a red circle'), noises, SamplingConfig(steps=4),
                           torch.Generator().manual_seed(1)) for one in (model, other))
    torch.testing.assert_close(ours.latents, theirs.latents)


def test_damaged_weights_are_refused(copied):
    weights = copied / 'unet/diffusion_pytorch_model.safetensors'
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(SettingError, match='cannot be loaded as a pipeline'):
        load_model(copied)


def test_parts_that_do_not_belong_together_are_refused(copied, tmp_path):
    config = json.loads((copied / 'vae/config.json').read_text())
    other = tiny_pipeline(tmp_path / 'other', latent_channels=8)
    shutil.rmtree(copied / 'vae')
    shutil.copytree(other / 'vae', copied / 'vae')
    assert config['latent_channels'] == 4
    with pytest.raises(SettingError, match='latents of 8 channels and the UNet reads 4'):
        load_model(copied)


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(SettingError, match='no pipeline: model_index.json'):
        load_model(tmp_path)
    with pytest.raises(SettingError, match='there is no pipeline at'):
        load_model(tmp_path / 'nothing')


def test_a_name_on_the_hub_without_a_network(monkeypatch):
    import huggingface_hub.constants
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_OFFLINE', True)
    with pytest.raises(SettingError, match='the hub did not give it .* give its folder'):
        load_model('nobody/no-such-model')
