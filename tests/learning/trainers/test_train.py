"""From a dataset folder to artifacts, as `adapt train` does it."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from adapt_learning.artifacts import load_artifact
from adapt_learning.errors import UserError
from adapt_learning.stacked.checkpoint import FILE
from adapt_learning.trainers.train import TrainRequest, load_trained, train

WHEN = '2026-01-01T00:00:00+00:00'


@pytest.fixture(scope='module')
def trained(data, tiny, tmp_path_factory):
    """Return {policy: (folder, result)} of one artifact each."""
    out = tmp_path_factory.mktemp('models')
    return {name: (out / name, train(request(name, data, out / name, tiny(name))))
            for name in ('bc', 'dbc')}


def request(policy, data, out, overrides, **kwargs):
    return TrainRequest(policy, 'fetch_pick', data, out, WHEN, overrides=overrides, **kwargs)


def session(folder, name):
    return onnxruntime.InferenceSession(str(folder / name), providers=['CPUExecutionProvider'])


@pytest.mark.parametrize('name', ['bc', 'dbc'])
def test_artifact_is_complete(trained, dataset, name):
    folder, result = trained[name]
    artifact = load_artifact(folder)
    manifest = artifact.manifest
    assert (manifest.name, manifest.task, manifest.seed, manifest.created) == (
        name, 'fetch_pick', 0, WHEN)
    assert manifest.interface_hash == dataset.contract.interface_hash
    assert manifest.dataset_hash == dataset.hash
    assert manifest.dataset['episodes'] == 8
    assert manifest.config['network']['width'] == 16
    assert manifest.commands[0].startswith(f'adapt train {name} --task fetch_pick --data')
    assert str(folder.parent) not in (folder / 'manifest.json').read_text()
    assert (manifest.likeness is not None) == artifact.has('likeness.onnx') == (name == 'dbc')
    assert result['artifacts'][0]['policy_validation_loss'] > 0
    assert not (folder.parent / f'{name}.run' / FILE).exists()
    json.dumps(result)


@pytest.mark.parametrize('name', ['bc', 'dbc'])
@pytest.mark.parametrize('batch', [1, 7])
def test_onnx_is_the_policy(trained, dataset, name, batch):
    folder, _ = trained[name]
    observation = dataset.pairs()[0][:batch]
    with torch.no_grad():
        expected = load_trained(folder).act(torch.tensor(observation)).numpy()
    actual, = session(folder, 'model.onnx').run(None, {'observation': observation})
    np.testing.assert_allclose(actual, expected, atol=1e-5)
    assert str(folder.parent.parent).encode() not in (folder / 'model.onnx').read_bytes()
    assert b'site-packages' not in (folder / 'model.onnx').read_bytes()


def test_likeness_onnx_is_the_score(trained, dataset):
    folder, _ = trained['dbc']
    observation, action = (x[:9] for x in dataset.pairs())
    with torch.no_grad():
        expected = load_trained(folder).likeness()(
            torch.tensor(observation), torch.tensor(action)).numpy()
    actual, = session(folder, 'likeness.onnx').run(
        None, {'observation': observation, 'action': action})
    assert actual.shape == (9,)
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_several_seeds_are_one_artifact_each(data, tiny, tmp_path, quiet, trained):
    wanted = request('bc', data, tmp_path / 'many', tiny('bc'), seeds=(0, 3))
    result = train(wanted, quiet)
    folders = [tmp_path / 'many' / f'seed-{seed}' for seed in (0, 3)]
    assert [a['folder'] for a in result['artifacts']] == [str(f) for f in folders]
    zero, three = (load_artifact(f).tensors() for f in folders)
    alone = load_artifact(trained['bc'][0]).tensors()
    assert not np.array_equal(zero['network.head.weight'], three['network.head.weight'])
    for name, array in alone.items():
        np.testing.assert_allclose(zero[name], array, atol=2e-2)


def test_same_command_same_bytes(data, tiny, tmp_path, quiet, trained):
    train(request('dbc', data, tmp_path / 'dbc', tiny('dbc')), quiet)
    first, second = trained['dbc'][0], tmp_path / 'dbc'
    for name in ('weights.safetensors', 'model.onnx', 'likeness.onnx'):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    logs = [(p.parent / 'dbc.run' / 'log.jsonl').read_text() for p in (first, second)]
    assert logs[0] == logs[1]


@pytest.mark.parametrize('changes, words', [
    ({'policy': 'dbcc'}, ["no policy 'dbcc'", 'bc, dbc', "Did you mean 'dbc'"]),
    ({'task': 'fetch_pik'}, ["no task 'fetch_pik'", '--task fetch_pick']),
    ({'preset': 'gpu'}, ["no preset 'gpu'", 'cpu, paper']),
    ({'overrides': ('network.widht=3',)}, ["no setting 'network.widht'", 'width']),
    ({'overrides': ('run.validation_fraction=2',)}, ['0..1']),
    ({'overrides': ('nonsense',)}, ['key=value']),
    ({'resume': True}, ['no checkpoint', 'without --resume']),
])
def test_bad_requests_say_what_is_allowed_and_write_nothing(data, tmp_path, changes, words):
    good = request('dbc', data, tmp_path / 'out', ())
    with pytest.raises(UserError) as caught:
        train(replace(good, **changes))
    for word in words:
        assert word in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_data_without_a_task_are_trained_on_by_the_name_of_their_contract(
        dataset, tiny, tmp_path, quiet):
    from adapt_learning.data import Dataset, save_dataset
    from adapt_learning.frames import Contract
    contract = Contract.model_validate(dataset.contract.model_dump() | {'name': 'foreign'})
    save_dataset(tmp_path / 'data', Dataset(dataset.episodes, contract))
    asked = replace(request('bc', tmp_path / 'data', tmp_path / 'bc', tiny('bc')), task='foreign')
    train(asked, quiet)
    manifest = load_artifact(tmp_path / 'bc').manifest
    assert manifest.task == manifest.contract['name'] == 'foreign'
    with pytest.raises(UserError, match='allowed: cpu'):
        train(replace(asked, out=tmp_path / 'other', preset='paper'), quiet)


@pytest.mark.parametrize('seeds', [(), (1, 1), (-1,)])
def test_bad_seeds(data, tmp_path, seeds):
    with pytest.raises(UserError, match='seeds are different'):
        request('bc', data, tmp_path, (), seeds=seeds)


def test_existing_artifacts_are_noticed_before_training(data, trained):
    folder = trained['bc'][0]
    with pytest.raises(UserError, match='--overwrite'):
        train(request('bc', data, folder, ()))
    with pytest.raises(UserError, match='is an artifact'):
        train(request('bc', data, folder, (), seeds=(0, 1)))


def test_foreign_folder_beside_the_artifact_is_left_alone(data, tiny, tmp_path):
    (tmp_path / 'model.run').mkdir()
    (tmp_path / 'model.run' / 'mine.txt').write_text('keep')
    with pytest.raises(UserError, match='not the folder of a run'):
        train(request('bc', data, tmp_path / 'model', tiny('bc')))
    assert (tmp_path / 'model.run' / 'mine.txt').read_text() == 'keep'


def test_missing_data(tmp_path):
    with pytest.raises(UserError, match='not a dataset'):
        train(request('bc', tmp_path / 'nowhere', tmp_path / 'out', ()))


CHILD = """
import sys
from adapt_learning.cli.train import train
import typer
app = typer.Typer()
app.command()(train)
app()
"""


def command(data, out, tiny, *more):
    words = [sys.executable, '-c', CHILD, 'bc', '--task', 'fetch_pick', '--data', str(data),
             '--out', str(out), *more]
    for override in (*tiny('bc'), 'optimization.steps=20000'):
        words += ['--set', override]
    return words


def test_ctrl_c_saves_and_the_same_command_resumes(data, tiny, tmp_path):
    out = tmp_path / 'model'
    environment = {**os.environ, 'PYTHONPATH': ':'.join(filter(None, sys.path))}
    child = subprocess.Popen(command(data, out, tiny), env=environment, text=True,
                             stderr=subprocess.PIPE, start_new_session=True)
    log = tmp_path / 'model.run' / 'log.jsonl'
    deadline = time.monotonic() + 60
    while not (log.is_file() and log.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == 130, errors
    assert '--resume' in errors and 'Traceback' not in errors
    assert (tmp_path / 'model.run' / FILE).is_file() and not out.exists()
    # Beginning again by mistake does not destroy the unfinished run.
    with pytest.raises(UserError, match='go on with --resume'):
        train(request('bc', data, out, (*tiny('bc'), 'optimization.steps=20000')))
    with pytest.raises(UserError, match='other settings'):
        train(request('bc', data, out, tiny('bc'), resume=True))
