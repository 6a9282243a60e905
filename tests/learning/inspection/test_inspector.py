"""A detector folder is checked before it judges; what it says is the same every time."""

import json

import numpy as np
import pytest
from tiny_detector import SIDE, make_detector, surface, with_blob

from adapt_learning.errors import ArtifactError, DatasetError
from adapt_learning.inspection import Inspector
from adapt_learning.inspection.detector import load_manifest


@pytest.fixture
def folder(tmp_path):
    """Return a detector of its own."""
    return make_detector(tmp_path / 'tiny')


def change(folder, **values):
    """Change words of a manifest; None takes one out."""
    path = folder / 'manifest.json'
    manifest = json.loads(path.read_text()) | values
    path.write_text(json.dumps({k: v for k, v in manifest.items() if v is not None}))


def test_the_detector_sees_a_blob_where_it_is(inspector):
    bank = inspector.bank([surface(i) for i in range(4)])
    assert bank.rows == (4 * 64, 4 * 16)
    good, bad = (inspector.judge(pixels, bank)
                 for pixels in (surface(50), with_blob(surface(50), 60, 30)))
    assert bad.score > 5.0 * good.score > 0.0
    assert bad.map.shape == (8, 8) and bad.map.dtype == np.float32
    row, column = np.unravel_index(np.argmax(bad.map), bad.map.shape)
    assert (abs(column * 12 + 6 - 60), abs(row * 12 + 6 - 30)) <= (18, 18)


def test_a_score_is_the_same_to_the_bit(inspector, tmp_path):
    again = Inspector(make_detector(tmp_path / 'again'))
    assert again.hash == inspector.hash
    pixels = with_blob(surface(7))
    scores = {one.judge(pixels, one.bank([surface(0), surface(1)])).score
              for one in (inspector, again, inspector)}
    assert len(scores) == 1


def test_a_bank_is_bounded(inspector):
    assert inspector.bank([surface(i) for i in range(4)], limit=30).rows == (30, 30)


def test_grey_and_three_equal_channels_are_the_same_picture(inspector):
    grey = surface(1)
    bank = inspector.bank([surface(0)])
    assert inspector.judge(grey, bank).score == inspector.judge(np.dstack([grey] * 3), bank).score


def test_the_hash_is_that_of_the_models(folder):
    before = load_manifest(folder).hash
    change(folder, metrics={'image_auroc': 0.9})
    assert load_manifest(folder).hash == before
    assert load_manifest(folder).more['metrics'] == {'image_auroc': 0.9}
    assert load_manifest(make_detector(folder.parent / 'other', gain=2.0)).hash != before


@pytest.mark.parametrize(('values', 'words'), [
    ({'kind': 'policy'}, "kind 'policy'"),
    ({'levels': None}, 'lacks or garbles'),
    ({'levels': [{'name': 'a', 'size': 8, 'grid': [8, 8]}]}, 'level_0, level_1'),
    ({'levels': []}, 'level_0, level_1'),
    ({'input_px': 8}, 'input_px of a detector lies in'),
    ({'input_px': 'many'}, 'lacks or garbles'),
    ({'hashes': {'bank.onnx': 'x'}}, 'lists no judge.onnx'),
    ({'hashes': ['bank.onnx']}, 'lacks or garbles'),
    ({'levels': [{'name': 'level_0', 'size': 8, 'grid': [8, 8]}]}, 'do not take what'),
    ({'levels': [{'name': 'level_0', 'size': 9, 'grid': [8, 8]},
                 {'name': 'level_1', 'size': 8, 'grid': [4, 4]}]}, 'the models give'),
    ({'input_px': 128}, 'do not take what their manifest says'),
])
def test_a_manifest_that_is_wrong_is_refused(folder, values, words):
    change(folder, **values)
    with pytest.raises(ArtifactError, match=words):
        Inspector(folder)


def test_a_file_name_may_not_lead_out_of_the_folder(folder):
    hashes = json.loads((folder / 'manifest.json').read_text())['hashes']
    change(folder, hashes=hashes | {'../evil.onnx': 'x'})
    with pytest.raises(ArtifactError, match='plain names'):
        Inspector(folder)


def test_damaged_missing_and_foreign_files_are_refused(folder, tmp_path):
    model = folder / 'judge.onnx'
    data = model.read_bytes()
    model.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ArtifactError, match=r'judge\.onnx is damaged'):
        Inspector(folder)
    model.unlink()
    with pytest.raises(ArtifactError, match='is missing'):
        Inspector(folder)
    (folder / 'manifest.json').write_text('{')
    with pytest.raises(ArtifactError, match='truncated or damaged'):
        Inspector(folder)
    with pytest.raises(ArtifactError, match='has none'):
        Inspector(tmp_path)


def test_a_model_that_is_none_is_refused(folder):
    import hashlib
    (folder / 'judge.onnx').write_bytes(b'no model')
    hashes = json.loads((folder / 'manifest.json').read_text())['hashes']
    change(folder, hashes=hashes | {'judge.onnx': hashlib.sha256(b'no model').hexdigest()})
    with pytest.raises(ArtifactError, match='cannot be opened by onnxruntime'):
        Inspector(folder)


def test_a_detector_is_never_overwritten(folder):
    with pytest.raises(DatasetError, match='never overwritten'):
        make_detector(folder)


def test_a_bank_of_another_form_is_refused(inspector):
    rows = inspector.patches(surface(0))
    inspector.check_bank(rows)
    for wrong in (rows[:1], [rows[0][:, :3], rows[1]], [rows[0] * np.nan, rows[1]],
                  [rows[0][:0], rows[1]], [rows[0][0], rows[1]]):
        with pytest.raises(ArtifactError, match='holds finite rows'):
            inspector.check_bank(wrong)


def test_the_input_of_the_tiny_detector(inspector):
    assert inspector.manifest.input_px == SIDE
    assert inspector.view(surface(0)).shape == (SIDE, SIDE, 3)
