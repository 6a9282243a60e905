"""anomalib's PatchCore in a child process; a stand-in of its model takes its place."""

import sys

import numpy as np
import pytest

from adapt_learning.benchmarks.anomalib_patchcore import BANK, NETWORK, AnomalibPatchCore
from adapt_learning.benchmarks.inference_time import inference_seconds
from adapt_learning.benchmarks.inspection_contenders import ANOMALIB, Speeder, memory_kb, opened
from adapt_learning.errors import SettingError

_MODEL = """
import torch
print('Selecting Coreset Indices')
class PatchcoreModel(torch.nn.Module):
    def __init__(self, layers, backbone, pre_trained, num_neighbors):
        super().__init__()
        assert layers == ['layer2', 'layer3'] and backbone == 'resnet18' and not pre_trained
        self.layer = torch.nn.Linear(3, 4)
        self.register_buffer('memory_bank', torch.empty(0))
    def forward(self, x):
        rows = self.layer(x.mean((2, 3)))
        if self.training:
            self.rows = rows
        else:
            assert self.memory_bank.shape == (10, 4) and 0 <= x.min() and x.max() <= 1
            ENDS
    def subsample_embedding(self, ratio):
        self.memory_bank = self.rows[:max(1, round(ratio * len(self.rows)))]
"""
PICTURES = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 3), np.uint8)


def python_with(folder, ends=''):
    """Return an interpreter that has the stand-in."""
    place = folder / 'anomalib/models/image/patchcore'
    place.mkdir(parents=True)
    (place / 'torch_model.py').write_text(_MODEL.replace('ENDS', ends or 'pass'))
    python = folder / 'python'
    python.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python


def test_it_is_made_once_and_its_own_processor_time_counts(tmp_path):
    python = python_with(tmp_path)
    AnomalibPatchCore(python, 'resnet18', tmp_path / 'made', 8, PICTURES).close()
    one = Speeder('anomalib', ANOMALIB, str(tmp_path / 'made' / NETWORK),
                  str(tmp_path / 'made' / BANK), 'resnet18', 8, str(python))
    (rows,), before = one.bank_levels, one.file_bytes
    assert rows.shape == (10, 4) and before > 0
    judge = opened(one)
    judge.seconds = 7.0
    seconds = inference_seconds([judge, lambda picture: None], PICTURES[:3])
    assert 0 < seconds[0].min() and seconds.max() < 1
    assert judge.close() > 0 and one.file_bytes == before
    np.save(tmp_path / 'pictures.npy', PICTURES[:2])
    assert memory_kb(one, tmp_path / 'pictures.npy') > 1000


def test_an_environment_that_will_not_do_is_one_sentence(tmp_path):
    with pytest.raises(SettingError, match='cannot be started'):
        AnomalibPatchCore(tmp_path / 'none', 'resnet18', tmp_path / 'made', 8, PICTURES)
    with pytest.raises(SettingError, match="install anomalib there: .*No module named 'anomalib'"):
        AnomalibPatchCore(sys.executable, 'resnet18', tmp_path / 'made', 8, PICTURES)


def test_a_child_that_dies_tells_why(tmp_path):
    python = python_with(tmp_path, 'raise MemoryError("too much")')
    judge = AnomalibPatchCore(python, 'resnet18', tmp_path / 'made', 8, PICTURES)
    with pytest.raises(SettingError, match='ended while it judged: MemoryError: too much'):
        judge(PICTURES[0])
