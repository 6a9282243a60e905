"""An artifact to be damaged."""

import numpy as np
import pytest

from adapt_learning.artifacts import Manifest, save_artifact
from adapt_learning.frames import load_contract


@pytest.fixture(scope='session')
def contract():
    return load_contract('fetch_pick')


@pytest.fixture
def manifest(contract):
    return Manifest(
        kind='policy', name='dbc', task='fetch_pick', seed=3, created='2026-01-01T00:00:00',
        code_version='v0', config={'lambda_dm': 0.1}, contract=contract.model_dump(mode='json'),
        contract_hash=contract.hash, interface_hash=contract.interface_hash, dataset_hash='ab12',
        dataset={'episodes': 303, 'command': 'adapt collect fetch_pick'},
        commands=('adapt train dbc',), metrics={'policy_loss': 0.25},
        likeness={'window': 5, 'warn': 1.0, 'stop': 2.0})


@pytest.fixture
def tensors():
    return {'a.weight': np.arange(6, dtype=np.float32).reshape(1, 2, 3),
            'a.bias': np.zeros(3, np.float32)}


@pytest.fixture
def artifact(tmp_path, manifest, tensors):
    return save_artifact(tmp_path / 'model', manifest, tensors, {'model.onnx': b'\x08\x08onnx'})
