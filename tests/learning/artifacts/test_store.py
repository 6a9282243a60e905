"""Artifacts come back as they were written; damaged, unsafe and foreign ones do not come in."""

import ast
import hashlib
import json
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import adapt_learning
from adapt_learning.artifacts import (
    Manifest,
    add_metrics,
    check_contract,
    load_artifact,
    save_artifact,
)
from adapt_learning.artifacts.card import render_card
from adapt_learning.artifacts.manifest import _digest
from adapt_learning.errors import ArtifactError
from adapt_learning.frames import Contract


def rewrite(folder, **changes):
    """Change the manifest as an attacker would: with a digest that fits."""
    path = folder / 'manifest.json'
    values = json.loads(path.read_text())
    values.pop('digest')
    values.update(changes)
    path.write_text(json.dumps({**values, 'digest': _digest(values)}))


def files_with(artifact, name, content):
    (artifact.folder / name).write_bytes(content)
    files = dict(artifact.manifest.files)
    files[name] = hashlib.sha256(content).hexdigest()
    rewrite(artifact.folder, files=files)


def test_round_trip(artifact, tensors, manifest):
    loaded = load_artifact(artifact.folder)
    assert loaded.manifest == artifact.manifest
    assert loaded.manifest.config == manifest.config
    assert sorted(loaded.manifest.files) == ['card.md', 'model.onnx', 'weights.safetensors']
    for name, array in tensors.items():
        np.testing.assert_array_equal(loaded.tensors()[name], array)
    assert loaded.has('model.onnx') and not loaded.has('likeness.onnx')
    with pytest.raises(ArtifactError, match=r"no 'likeness.onnx'; it has \['card.md'"):
        loaded.path('likeness.onnx')


def test_same_content_gives_the_same_bytes(tmp_path, manifest, tensors):
    first = save_artifact(tmp_path / 'a', manifest, tensors)
    second = save_artifact(tmp_path / 'b', manifest, tensors)
    for name in (*first.manifest.files, 'manifest.json'):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_only_an_artifact_with_chunks_speaks_of_them(tmp_path, artifact, manifest, tensors):
    """So that what was there before is the same to the last byte."""
    assert 'chunk' not in json.loads((artifact.folder / 'manifest.json').read_text())
    made = save_artifact(tmp_path / 'chunks', replace(
        manifest, chunk={'length': 8, 'executed': 4}), tensors)
    assert load_artifact(made.folder).manifest.chunk == {'length': 8, 'executed': 4}
    assert 'Predicts 8 actions at once and executes 4' in (made.folder / 'card.md').read_text()


@pytest.mark.parametrize('name', ['weights.safetensors', 'model.onnx', 'card.md'])
@pytest.mark.parametrize('place', [0, -1])
def test_flipped_byte_shows_both_hashes(artifact, name, place):
    path = artifact.folder / name
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match='damaged') as caught:
        load_artifact(artifact.folder)
    assert artifact.manifest.files[name] in str(caught.value)
    assert hashlib.sha256(content).hexdigest() in str(caught.value)


def test_every_flipped_byte_of_the_manifest_is_noticed(artifact):
    path = artifact.folder / 'manifest.json'
    content = path.read_bytes()
    for place in range(0, len(content), 97):
        if content[place:place + 1].isspace():
            continue  # white space means nothing
        damaged = bytearray(content)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ArtifactError):
            load_artifact(artifact.folder)


@pytest.mark.parametrize('name', ['weights.safetensors', 'model.onnx'])
def test_missing_file(artifact, name):
    (artifact.folder / name).unlink()
    with pytest.raises(ArtifactError, match=f'{name} is missing'):
        load_artifact(artifact.folder)


def test_not_an_artifact(tmp_path):
    with pytest.raises(ArtifactError, match='manifest.json'):
        load_artifact(tmp_path)


class Bomb:
    """What a pickle can do when it is opened."""

    def __reduce__(self):
        return (Path.touch, (Path('bomb'),))


def test_pickle_under_the_name_of_the_weights(artifact, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files_with(artifact, 'weights.safetensors', pickle.dumps(Bomb()))
    with pytest.raises(ArtifactError, match='holds numbers and no code'):
        load_artifact(artifact.folder)
    assert not Path('bomb').exists()


@pytest.mark.parametrize('name', ['weights.pt', 'weights.pkl', 'pytorch_model.bin'])
@pytest.mark.parametrize('listed', [True, False])
def test_other_weights_formats(artifact, name, listed):
    if listed:
        files_with(artifact, name, b'anything')
    else:
        (artifact.folder / name).write_bytes(b'anything')
    with pytest.raises(ArtifactError, match='safetensors'):
        load_artifact(artifact.folder)


def test_weights_that_the_manifest_does_not_list(artifact):
    (artifact.folder / 'more.safetensors').write_bytes(b'')
    with pytest.raises(ArtifactError, match='not listed'):
        load_artifact(artifact.folder)


@pytest.mark.parametrize('name', ['../evil', '/etc/passwd', 'a/b', '..', '.hidden', 'a..b', ''])
def test_file_names_cannot_leave_the_folder(artifact, name):
    rewrite(artifact.folder, files={**artifact.manifest.files, name: '0' * 64})
    with pytest.raises(ArtifactError, match='plain names'):
        load_artifact(artifact.folder)


@pytest.mark.parametrize('changes, words', [
    ({'format_version': 99}, 'version 1; got 99'), ({'format_version': None}, 'got None'),
    ({'colour': 'red'}, "'colour'"), ({'kind': '../x'}, 'plain name'),
    ({'chunk': {'length': 8}}, 'length and executed'), ({'chunk': 8}, 'length and executed'),
    ({'chunk': {'length': 8, 'executed': 9}}, '1 <= executed <= length'),
    ({'chunk': {'length': '8', 'executed': 1}}, "length '8'"),
    ({'files': {}}, 'lists no weights'), ({'files': {'weights.safetensors': 'x'}}, '64 hex')])
def test_manifests_that_are_not_understood(artifact, changes, words):
    rewrite(artifact.folder, **changes)
    with pytest.raises(ArtifactError, match=words):
        load_artifact(artifact.folder)


@pytest.mark.parametrize('content', [b'', b'[]', b'{', b'\xff\xfe', b'null'])
def test_manifests_that_are_no_manifests(artifact, content):
    (artifact.folder / 'manifest.json').write_bytes(content)
    with pytest.raises(ArtifactError):
        load_artifact(artifact.folder)


def test_incomplete_manifest(artifact):
    path = artifact.folder / 'manifest.json'
    values = json.loads(path.read_text())
    del values['digest'], values['kind']
    path.write_text(json.dumps({**values, 'digest': _digest(values)}))
    with pytest.raises(ArtifactError, match='not complete.*kind'):
        load_artifact(artifact.folder)


def test_numbers_are_finite(manifest):
    with pytest.raises(ArtifactError, match='finite'):
        Manifest(**{**vars(manifest), 'metrics': {'deep': [1.0, float('nan')]}})


def test_overwriting_is_asked_for(artifact, manifest, tensors, tmp_path):
    with pytest.raises(ArtifactError, match='--overwrite'):
        save_artifact(artifact.folder, manifest, tensors)
    save_artifact(artifact.folder, manifest, tensors, overwrite=True)
    assert not load_artifact(artifact.folder).has('model.onnx')
    assert sorted(p.name for p in tmp_path.iterdir()) == ['model']


def test_other_folders_are_never_replaced(tmp_path, manifest, tensors):
    (tmp_path / 'keep.txt').write_text('mine')
    with pytest.raises(ArtifactError, match='not an artifact'):
        save_artifact(tmp_path, manifest, tensors, overwrite=True)
    assert (tmp_path / 'keep.txt').read_text() == 'mine'


def test_failed_save_leaves_nothing(tmp_path, manifest, tensors):
    with pytest.raises(ArtifactError, match='plain names'):
        save_artifact(tmp_path / 'model', manifest, tensors, {'../x': b''})
    assert list(tmp_path.iterdir()) == []


def test_own_contract_and_another_robot_with_the_same_interface(manifest, contract):
    check_contract(manifest, contract)
    values = contract.model_dump(mode='json')
    values['observation'][0]['topic'] = 'arm/pose'
    check_contract(manifest, Contract.model_validate(values))


def test_other_contract_shows_hashes_and_features(manifest, contract):
    values = contract.model_dump(mode='json')
    values['rate_hz'] = 50
    values['action'][0]['scale'] = 2.0
    del values['observation'][3]
    other = Contract.model_validate(values)
    with pytest.raises(ArtifactError) as caught:
        check_contract(manifest, other)
    text = str(caught.value)
    for word in (contract.interface_hash, other.interface_hash, 'rate_hz', 'gripper_velocity',
                 'scale=2.0', 'finger_position', 'has none'):
        assert word in text


def test_other_order_is_another_contract(manifest, contract):
    values = contract.model_dump(mode='json')
    values['observation'].reverse()
    with pytest.raises(ArtifactError, match='observation order'):
        check_contract(manifest, Contract.model_validate(values))


def test_metrics_of_an_evaluation_are_added(artifact):
    metrics = {'level_1.25': {'success_rate': 0.99, 'ci_low': 0.95, 'ci_high': 1.0}}
    add_metrics(artifact.folder, metrics, ('adapt eval', 'adapt train dbc'))
    loaded = load_artifact(artifact.folder)
    assert loaded.manifest.metrics == {'policy_loss': 0.25, **metrics}
    assert loaded.manifest.commands == ('adapt train dbc', 'adapt eval')
    assert loaded.has('model.onnx')
    card = loaded.path('card.md').read_text()
    assert 'success_rate 0.99 (95 % interval 0.95..1)' in card


def test_card_says_what_people_need(artifact):
    card = artifact.path('card.md').read_text()
    for word in ('# dbc for fetch_pick', 'adapt train dbc', 'adapt collect', 'policy_loss 0.25',
                 'warns above 1', 'Apache-2.0', 'Limits'):
        assert word in card


def test_card_says_what_was_done_to_the_demonstrations(manifest):
    card = render_card(replace(manifest, dataset={
        'steps': 100, 'pollution': {'kind': 'gaussian', 'p': 0.2, 'sigma': 1.0, 'seed': 3},
        'restoration': {'config': {'filter': 'trajectory', 'clean_share': None, 'other': 1},
                        'seed': 4, 'text': '20 restored, 0 dropped'}}))
    assert 'adapt data corrupt --kind gaussian --p 0.2 --sigma 1.0 --seed 3' in card
    assert ('adapt restore --seed 4 (filter trajectory, clean_share auto): 20 restored, 0 dropped'
            in card)
    # Datasets of others may use these words for something else.
    assert 'steps: 100' in render_card(replace(manifest, dataset={
        'steps': 100, 'pollution': 'none', 'restoration': {}}))


def test_no_module_of_the_package_opens_pickles():
    root = Path(adapt_learning.__file__).parent
    for path in root.rglob('*.py'):
        tree = ast.parse(path.read_text(encoding='utf-8'))
        # The published method's .pt and torchvision's weights are files of torch: written plainly,
        # read as tensors only.
        plain = {id(call.func) for call in ast.walk(tree) if isinstance(call, ast.Call)
                 and path.name in ('pt.py', 'backbone.py')
                 and (ast.unparse(call.func) == 'torch.save' or any(
                     k.arg == 'weights_only' and ast.unparse(k.value) == 'True'
                     for k in call.keywords))}
        for node in ast.walk(tree):
            assert id(node) in plain or not _opens_pickles(node), f'{path}:{node.lineno}'


def _opens_pickles(node):
    forbidden = {'pickle', 'dill', 'cloudpickle', 'shelve', 'marshal'}
    if isinstance(node, ast.Import):
        return bool(forbidden & {alias.name.split('.')[0] for alias in node.names})
    if isinstance(node, ast.ImportFrom):
        return node.module in forbidden
    if isinstance(node, ast.Attribute):
        return ast.unparse(node) in ('torch.load', 'torch.save')
    if isinstance(node, ast.keyword):
        return node.arg == 'allow_pickle' and ast.unparse(node.value) != 'False'
    return False


def test_artifacts_do_not_import_torch():
    done = subprocess.run(
        [sys.executable, '-c', 'import sys, adapt_learning.artifacts; '
         "assert not {'torch', 'pickle5', 'onnxruntime'} & set(sys.modules)"],
        capture_output=True, text=True, env={'PYTHONPATH': ':'.join(sys.path)})
    assert done.returncode == 0, done.stderr
