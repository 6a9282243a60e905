"""A linear policy as a real artifact: no training, no torch."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from adapt_learning.artifacts import Manifest, save_artifact
from adapt_learning.frames import load_contract

OPSET = [helper.make_opsetid('', 17)]


def linear_policy(folder, contract_name='fetch_pick', bias=None, likeness=True):
    """
    Write a policy for fetch_pick that follows the block with open fingers; return its folder.

    `bias` [4] replaces the constant part of the action; NaN in it makes a policy that breaks.
    """
    contract = load_contract(contract_name)
    weights = np.zeros((16, 4), dtype=np.float32)
    weights[6:9, 0:3] = 3 * np.eye(3)  # towards the block, by its relative position
    bias = np.array([0, 0, 0, 1] if bias is None else bias, dtype=np.float32)
    files = {'model.onnx': _model(weights, bias)}
    calibration = None
    if likeness:
        files['likeness.onnx'] = _likeness()
        calibration = {'window': 5, 'warn': 0.5, 'stop': 2.0}
    manifest = Manifest(
        kind='policy', name='linear', task='fetch_pick', seed=0, created='2026-01-01T00:00:00',
        code_version='test', contract=contract.model_dump(mode='json'),
        contract_hash=contract.hash, interface_hash=contract.interface_hash, likeness=calibration)
    save_artifact(folder, manifest, {'weights': weights, 'bias': bias}, files)
    return folder


def _model(weights, bias):
    nodes = [helper.make_node('Gemm', ['observation', 'W', 'b'], ['action'])]
    graph = helper.make_graph(
        nodes, 'policy', [_tensor('observation', 16)], [_tensor('action', 4)],
        [numpy_helper.from_array(weights, 'W'), numpy_helper.from_array(bias, 'b')])
    return _bytes(graph)


def _likeness():
    """Mean square of the action: large motions are unlike the expert."""
    nodes = [
        helper.make_node('ReduceMean', ['observation'], ['unused'], axes=[1], keepdims=0),
        helper.make_node('Mul', ['unused', 'zero'], ['nothing']),
        helper.make_node('Mul', ['action', 'action'], ['square']),
        helper.make_node('ReduceMean', ['square'], ['mean'], axes=[1], keepdims=0),
        helper.make_node('Add', ['mean', 'nothing'], ['score']),
    ]
    score = helper.make_tensor_value_info('score', TensorProto.FLOAT, ['B'])
    zero = numpy_helper.from_array(np.zeros(1, dtype=np.float32), 'zero')
    return _bytes(helper.make_graph(
        nodes, 'likeness', [_tensor('observation', 16), _tensor('action', 4)], [score], [zero]))


def _tensor(name, size):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ['B', size])


def _bytes(graph):
    model = helper.make_model(graph, opset_imports=OPSET, ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()
