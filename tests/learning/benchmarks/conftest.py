"""Jobs that take no time, importable in worker processes too."""

import sys
from pathlib import Path

import pytest

from adapt_learning.benchmarks.job import Workplace

SUPPORT = str(Path(__file__).parent / 'support')
if SUPPORT not in sys.path:
    sys.path.insert(0, SUPPORT)


@pytest.fixture
def place(tmp_path):
    """Return an empty workplace."""
    return Workplace(tmp_path / 'results', tmp_path / 'cache')


@pytest.fixture(scope='session')
def weights(tmp_path_factory):
    """Return a file of random weights of ResNet18 that keep the scale from layer to layer."""
    import safetensors.torch
    import torch

    from adapt_learning.detectors.resnet18 import ResNet18
    torch.manual_seed(0)
    backbone = ResNet18()
    for module in backbone.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode='fan_in')
            torch.nn.init.zeros_(module.bias)
    path = tmp_path_factory.mktemp('weights') / 'random.safetensors'
    safetensors.torch.save_file(backbone.state_dict(), path)
    return path
