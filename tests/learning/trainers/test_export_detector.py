"""A detector in two ONNX files judges like torch, whatever the sizes of its banks."""

import dataclasses

import numpy as np
import pytest
import torch

from adapt_learning.detectors.domains import as_tensor
from adapt_learning.detectors.fused import Fused, FusedConfig
from adapt_learning.detectors.meta_comparer import MetaComparer, MetaComparerConfig
from adapt_learning.detectors.mobilenet_v2 import MobileNetV2
from adapt_learning.detectors.nearest_patch import NearestPatch
from adapt_learning.inspection.bank import Bank
from adapt_learning.trainers.export_detector import export_detector

SMALL = MetaComparerConfig(width=8, layers=1, latent=4, hidden=8)


def backbone():
    torch.manual_seed(0)
    return MobileNetV2()


@pytest.fixture(scope='module', params=['nearest_patch', 'max', 'fused'])
def exported(request, tmp_path_factory):
    """Return a detector and its exported twin."""
    if request.param == 'nearest_patch':
        detector = NearestPatch(backbone(), input_px=64)
    elif request.param == 'fused':
        detector = Fused(backbone(), FusedConfig(SMALL), input_px=64)
    else:
        detector = MetaComparer(backbone(), dataclasses.replace(SMALL, mode=request.param), 64)
    folder = tmp_path_factory.mktemp('detector') / request.param
    return detector, export_detector(detector, folder, 'tried', request.param, {'made_by': 'test'})


@pytest.fixture
def pictures():
    return np.random.default_rng(1).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)


def test_patches_are_the_same(exported, pictures):
    detector, inspector = exported
    with torch.no_grad():
        for k, level in enumerate(detector.patches(as_tensor(pictures))):
            for i, picture in enumerate(pictures):
                np.testing.assert_allclose(inspector.patches(picture)[k], level[i].numpy(),
                                           atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('rows', [1, 3, 64, 192])
def test_score_and_map_are_the_same_for_banks_of_any_size(exported, pictures, rows):
    detector, inspector = exported
    whole = inspector.bank(pictures[:3])
    bank = Bank(tuple(level[:rows] for level in whole.levels))
    with torch.no_grad():
        values, score = detector.judge(
            as_tensor(pictures[3:]), [torch.from_numpy(level) for level in bank.levels])
    judged = inspector.judge(pictures[3], bank)
    assert judged.score == pytest.approx(float(score), abs=1e-4)
    # Where two references are as similar as rounding can tell, torch may ask about the other one.
    near = np.isclose(judged.map, values.numpy(), rtol=0, atol=1e-4)
    assert near.mean() > 0.95 and np.abs(judged.map - values.numpy()).max() < 1e-2
    assert judged.map.max() == pytest.approx(judged.score)


def test_the_manifest_says_what_it_is(exported):
    detector, inspector = exported
    manifest = inspector.manifest
    assert manifest.name == 'tried' and manifest.more['made_by'] == 'test'
    assert [(level.size, level.grid[0]) for level in manifest.levels] == [
        (level.size, level.grid) for level in detector.levels]


def test_an_export_that_judges_otherwise_is_refused(tmp_path, monkeypatch):
    detector = NearestPatch(backbone(), input_px=64)
    judge = detector.judge
    calls = []

    def drift(picture, banks):
        calls.append(1)
        values, score = judge(picture, banks)
        return values, score + 0.1 * (len(calls) > 1)
    monkeypatch.setattr(detector, 'judge', drift)
    with pytest.raises(RuntimeError, match='differs from torch'):
        export_detector(detector, tmp_path / 'drifts', 'x', 'nearest_patch')
