"""What a run leaves can be used: by this program, and by diffusers alone."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from tiny_pipeline import tiny_pipeline

from adapt_learning.errors import ArtifactError, DatasetError, SettingError
from adapt_learning.generation.hero.artifact import load_artifact, write_artifact
from adapt_learning.generation.hero.feedback import Feedback
from adapt_learning.generation.hero.run import HeroRun, judged


@pytest.fixture(scope='module')
def made(pipeline, tmp_path_factory, tiny, reddest):
    """Return an artifact, and what the model of its run predicts for some latents."""
    folder = tmp_path_factory.mktemp('made')
    changed = replace(tiny, ddpo=replace(tiny.ddpo, learning_rate=0.1))  # to be seen
    with HeroRun.create(folder / 'run', pipeline, 'a red circle', changed) as run:
        judged(run, reddest)
        write_artifact(run, folder / 'artifact', {'command': 'adapt hero run'})
        return folder / 'artifact', predicted(run.model)


def predicted(model):
    """Return the denoiser's output for fixed latents."""
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model.predict(x, torch.tensor([500, 500]), model.encode('a red circle'), 5.0)


def test_the_weights_come_back(made, pipeline, tiny):
    folder, output = made
    tuned = load_artifact(folder)
    torch.testing.assert_close(predicted(tuned.model), output)
    tuned.model.unet.disable_adapters()
    assert not torch.allclose(predicted(tuned.model), output, atol=1e-3)


def test_diffusers_alone_loads_the_weights(made, pipeline):
    folder, output = made
    pipe = StableDiffusionPipeline.from_pretrained(pipeline, safety_checker=None)
    pipe.load_lora_weights(folder)
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        states, empty = pipe.encode_prompt('a red circle', 'cpu', 1, True)
        plain, full = (pipe.unet(x, torch.tensor([500, 500]),
                                 encoder_hidden_states=e.expand(2, -1, -1)).sample
                       for e in (empty, states))
    torch.testing.assert_close(plain + 5.0 * (full - plain), output, rtol=1e-4, atol=1e-5)


def test_pictures_are_those_of_the_seed(made):
    tuned = load_artifact(made[0])
    pictures = tuned.pictures(3, seed=1)
    assert pictures.shape == (3, 16, 16, 3) and pictures.dtype == np.uint8
    assert np.array_equal(pictures, tuned.pictures(3, seed=1))
    for other in ({'seed': 2}, {'seed': 1, 'prompt': 'a blue square'},
                  {'seed': 1, 'plain_noise': True}):
        assert not np.array_equal(pictures, tuned.pictures(3, **other)), other


def test_everything_of_the_run_is_there(made):
    folder = made[0]
    manifest = json.loads((folder / 'manifest.json').read_text())
    assert manifest['prompt'] == 'a red circle' and len(manifest['rounds']) == 2
    assert len(list(folder.glob('rounds/*/*.png'))) == 16
    assert (folder / manifest['rounds'][1]['best_picture']).is_file()


def test_a_run_in_which_nothing_was_good_leaves_an_artifact(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle',
                        replace(tiny, rounds=1)) as run:
        run.answer(Feedback(0))
        write_artifact(run, tmp_path / 'artifact', {})
    assert load_artifact(tmp_path / 'artifact').pictures(2).shape == (2, 16, 16, 3)


def test_after_an_all_bad_last_round_pictures_begin_around_the_best(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        run.answer(Feedback(0, (2,), 2))
        run.answer(Feedback(1))
        best = run.collected.best_noise
        write_artifact(run, tmp_path / 'artifact', {})
    tuned = load_artifact(tmp_path / 'artifact')
    assert torch.equal(tuned.collected.best_noise, best)
    assert not np.array_equal(tuned.pictures(2), tuned.pictures(2, plain_noise=True))


def test_what_is_no_artifact_is_refused(made, pipeline, tmp_path):
    with pytest.raises(ArtifactError, match='no manifest.json'):
        load_artifact(pipeline)
    (tmp_path / 'manifest.json').write_text('{"kind": "policy"}')
    with pytest.raises(ArtifactError, match="kind 'policy'"):
        load_artifact(tmp_path)
    with pytest.raises(DatasetError, match='never overwritten'):
        write_artifact(None, made[0], {})


def test_changed_weights_are_refused(made, tmp_path):
    import shutil
    copy = tmp_path / 'copy'
    shutil.copytree(made[0], copy)
    with (copy / 'noises.safetensors').open('ab') as file:
        file.write(b' ')
    with pytest.raises(ArtifactError, match='not what the run wrote'):
        load_artifact(copy)


def test_a_pipeline_with_other_latents_is_refused(made, tmp_path):
    other = tiny_pipeline(tmp_path / 'other', side=16)
    with pytest.raises(SettingError, match='latents of'):
        load_artifact(made[0], other)
