"""Tiny artifacts written by hand: constant, slow, NaN-producing and judged policies."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from adapt_learning.artifacts import Manifest, save_artifact
from adapt_learning.data.chunk import Chunk
from adapt_learning.frames import Contract

_LOOPS, _SIDE = 40, 384


def make_policy(folder: Path, contract: Contract, *, action: np.ndarray | None = None,
                gain: np.ndarray | None = None, nan_above: float | None = None,
                slow: bool = False, judged: tuple[int, float, float] | None = None,
                chunk: Chunk | None = None) -> Path:
    """
    Write an artifact whose action is `observation @ gain + action`, float32 [A].

    `nan_above`: NaN as soon as the first element of the observation is above this. `slow`: every
    call takes some tens of milliseconds. `judged`: (window, warn, stop) of a likeness detector
    whose score is the magnitude of the observation's first element. `chunk`: action number h of a
    chunk is that action + h / 100.
    """
    size, actions = contract.observation_spec.size, contract.action_spec.size
    action = np.zeros(actions) if action is None else np.asarray(action, np.float64)
    gain = np.zeros((size, actions)) if gain is None else gain
    nodes = [helper.make_node('MatMul', ['observation', 'gain'], ['product']),
             helper.make_node('Add', ['product', 'bias'], ['sum'])]
    constants = {'gain': gain, 'bias': action, 'first': np.eye(size, 1), 'zero': np.zeros(1)}
    nodes.append(helper.make_node('MatMul', ['observation', 'first'], ['element']))
    extra = []
    if nan_above is not None:
        constants['limit'] = np.array([nan_above])
        extra = [helper.make_node('Sub', ['limit', 'element'], ['margin']),
                 helper.make_node('Log', ['margin'], ['log']),
                 helper.make_node('Mul', ['log', 'zero'], ['extra'])]
    elif slow:
        extra = _slow_nodes(constants)
    else:
        extra = [helper.make_node('Mul', ['element', 'zero'], ['extra'])]
    last = 'single' if chunk else 'action'
    nodes += [*extra, helper.make_node('Add', ['sum', 'extra'], [last])]
    shape = (actions,)
    if chunk is not None:
        shape = (chunk.length, actions)
        constants |= {'axis': np.array([1]),
                      'later': np.arange(chunk.length)[:, None].repeat(actions, 1) / 100}
        nodes += [helper.make_node('Unsqueeze', ['single', 'axis'], ['first_only']),
                  helper.make_node('Add', ['first_only', 'later'], ['action'])]
    files = {'model.onnx': _model(nodes, constants, {'observation': size}, ('action', *shape))}
    likeness = None
    if judged is not None:
        window, warn, stop = judged
        likeness = {'window': window, 'warn': warn, 'stop': stop}
        files['likeness.onnx'] = _detector(size, actions)
    manifest = Manifest(
        kind='policy', name='handmade', task='fetch_pick', seed=0,
        created='2000-01-01T00:00:00+00:00', code_version='test',
        contract=contract.model_dump(mode='json'), contract_hash=contract.hash,
        interface_hash=contract.interface_hash, likeness=likeness,
        chunk=chunk and chunk.as_dict)
    save_artifact(folder, manifest, {'bias': action.astype(np.float32)}, files, overwrite=True)
    return folder


def _slow_nodes(constants: dict[str, np.ndarray]) -> list:
    """Return a loop of matrix products that depends on the observation: nothing can be folded."""
    constants['big'] = np.full((_SIDE, _SIDE), 1.0 / _SIDE)
    trips = numpy_helper.from_array(np.array(_LOOPS, np.int64), 'trips')
    go_on = numpy_helper.from_array(np.array(True), 'go_on')
    body = helper.make_graph(
        [helper.make_node('Identity', ['condition'], ['condition_out']),
         helper.make_node('MatMul', ['state', 'big'], ['state_out'])],
        'body',
        [helper.make_tensor_value_info('index', TensorProto.INT64, []),
         helper.make_tensor_value_info('condition', TensorProto.BOOL, []),
         helper.make_tensor_value_info('state', TensorProto.FLOAT, [_SIDE, _SIDE])],
        [helper.make_tensor_value_info('condition_out', TensorProto.BOOL, []),
         helper.make_tensor_value_info('state_out', TensorProto.FLOAT, [_SIDE, _SIDE])])
    return [
        helper.make_node('Constant', [], ['trips'], value=trips),
        helper.make_node('Constant', [], ['go_on'], value=go_on),
        helper.make_node('Add', ['big', 'element'], ['state0']),
        helper.make_node('Loop', ['trips', 'go_on', 'state0'], ['looped'], body=body),
        helper.make_node('ReduceMean', ['looped'], ['mean'], keepdims=0),
        helper.make_node('Mul', ['mean', 'zero'], ['extra']),
    ]


def _detector(size: int, actions: int) -> bytes:
    nodes = [helper.make_node('MatMul', ['observation', 'first'], ['element']),
             helper.make_node('Abs', ['element'], ['magnitude']),
             helper.make_node('MatMul', ['action', 'none'], ['nothing']),
             helper.make_node('Add', ['magnitude', 'nothing'], ['column']),
             helper.make_node('Flatten', ['column'], ['flat'], axis=0),
             helper.make_node('Squeeze', ['flat', 'axis'], ['score'])]
    constants = {'first': np.eye(size, 1), 'none': np.zeros((actions, 1)),
                 'axis': np.array([0], np.int64)}
    return _model(nodes, constants, {'observation': size, 'action': actions}, ('score',))


def _model(nodes, constants, inputs: dict[str, int], output: tuple) -> bytes:
    values = [numpy_helper.from_array(
        value if value.dtype == np.int64 else value.astype(np.float32), name)
        for name, value in constants.items()]
    name, *shape = output
    graph = helper.make_graph(
        nodes, 'handmade',
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, ['B', n])
         for key, n in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ['B', *shape])], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)])
    model.ir_version = 8
    checker.check_model(model)
    return model.SerializeToString()
