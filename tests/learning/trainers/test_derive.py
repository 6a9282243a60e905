"""A chunk from data to commands, and a trained policy exported again with other steps."""

import numpy as np
import pytest
import torch

from adapt_learning.artifacts import add_metrics, load_artifact
from adapt_learning.data.chunk import Chunk
from adapt_learning.errors import ArtifactError, SettingError
from adapt_learning.evaluation.evaluate import evaluate
from adapt_learning.runtime import load_policy
from adapt_learning.trainers.derive import derive
from adapt_learning.trainers.train import TrainRequest, load_trained, train

NAMES = ('diffusion_policy', 'flow_matching')


@pytest.fixture(scope='module')
def trained(data, tiny, tmp_path_factory):
    """Return {policy: artifact} with chunks of 6 actions."""
    out = tmp_path_factory.mktemp('models')
    for name in NAMES:
        train(TrainRequest(name, 'fetch_pick', data, out / name, '2026-01-01T00:00:00', overrides=(
            *tiny(name), 'chunk.length=6', 'chunk.executed=3', 'inference_steps=2')))
    return {name: out / name for name in NAMES}


def served(folder, observation):
    """Return what an artifact does at some observations, by the runtime and by its weights."""
    opened = load_policy(folder)
    with torch.no_grad():
        expected = load_trained(folder).act(torch.tensor(observation)).numpy()
    return np.stack([opened.act(row) for row in observation]), expected


@pytest.mark.parametrize('name', NAMES)
def test_what_is_served_are_the_chunks_of_the_weights(trained, dataset, name):
    opened = load_policy(trained[name])
    assert opened.chunk == Chunk(6, 3) and opened.manifest.config['chunk']['length'] == 6
    actual, expected = served(trained[name], dataset.pairs()[0][:20])
    assert actual.shape == (20, 6, 4) and actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize('name', NAMES)
def test_it_drives_a_simulation_and_repeats_itself(trained, name):
    done = [evaluate(trained[name], 'fetch_pick', episodes=1, jobs=1).results for _ in range(2)]
    assert done[0] == done[1] and done[0][0].steps == 50 and not done[0][0].stop


def test_other_settings_of_inference_with_the_same_weights(trained, dataset, tmp_path):
    folder = trained['diffusion_policy']
    source = load_artifact(add_metrics(folder, {'fetch_pick': {'success_rate': 0.5}}).folder)
    made = derive(folder, tmp_path / 'new', ('sampler=ddpm', 'chunk.executed=6'))
    weights, model = 'weights.safetensors', 'model.onnx'
    assert made.manifest.files[weights] == source.manifest.files[weights]
    assert made.manifest.files[model] != source.manifest.files[model]
    assert made.manifest.config == {**source.manifest.config, 'sampler': 'ddpm',
                                    'chunk': {'length': 6, 'executed': 6}}
    assert load_policy(made.folder).chunk == Chunk(6, 6)
    # The evaluation was the other one's; what the training measured is still true.
    assert {'fetch_pick'} == source.manifest.metrics.keys() - made.manifest.metrics.keys()
    assert made.manifest.commands[-1] == (
        'adapt export diffusion_policy --out new --set sampler=ddpm --set chunk.executed=6')
    np.testing.assert_allclose(*served(made.folder, dataset.pairs()[0][:3]), atol=1e-5)


def test_without_changes_the_model_is_the_same_and_replaces_only_where_asked_for(
        trained, tmp_path):
    folder = trained['flow_matching']
    made = derive(folder, tmp_path / 'new', ())
    model = load_artifact(folder).manifest.files['model.onnx']
    assert made.manifest.files['model.onnx'] == model
    with pytest.raises(ArtifactError, match='--overwrite'):
        derive(folder, tmp_path / 'new', ())
    derive(folder, tmp_path / 'new', ('inference_steps=1',), overwrite=True)
    assert load_artifact(tmp_path / 'new').manifest.files['model.onnx'] != model


@pytest.mark.parametrize('override, words', [
    ('network.width=8', 'network.width cannot be changed after the training'),
    ('chunk.length=4', 'chunk.length cannot'), ('optimization.steps=9', 'train anew'),
    ('inference_steps=0', '0'), ('chunk.executed=7', '1 <= executed <= length'),
    ('inference_steps', 'key=value')])
def test_what_cannot_be_changed_is_refused_before_anything_is_written(trained, tmp_path, override,
                                                                       words):
    with pytest.raises(SettingError, match=words):
        derive(trained['flow_matching'], tmp_path / 'new', (override,))
    assert not (tmp_path / 'new').exists()
